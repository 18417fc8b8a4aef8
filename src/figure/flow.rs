//! A path of decisions as plain data: boxes in a grid, arrows between neighbours.

/// Boxes and arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Relative widths of the columns. Rows are as high as their words.
    pub column_weights: Vec<f64>,
    pub boxes: Vec<FlowBox>,
    pub arrows: Vec<FlowArrow>,
}

impl Flow {
    /// The boxes on the way that was taken, in a line from left to right or downward.
    #[must_use]
    pub fn taken(&self, across: bool) -> Flow {
        let kept: Vec<usize> = (0..self.boxes.len()).filter(|i| self.boxes[*i].tone == Tone::Taken).collect();
        let place = |i: usize| kept.iter().position(|k| *k == i);
        let boxes = kept.iter().enumerate().map(|(at, i)| {
            let (column, row) = if across { (at, 0) } else { (0, at) };
            FlowBox { column, row, ..self.boxes[*i].clone() }
        });
        let arrows = self.arrows.iter().filter_map(|arrow| {
            let (from, to) = (place(arrow.from)?, place(arrow.to)?);
            (arrow.taken && to == from + 1).then(|| FlowArrow { from, to, ..arrow.clone() })
        });
        let columns = if across { kept.len() } else { 1 };
        Flow { column_weights: vec![1.0; columns.max(1)], boxes: boxes.collect(), arrows: arrows.collect() }
    }
}

/// A box at a place of the grid, counted from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowBox {
    pub column: usize,
    pub row: usize,
    pub heading: String,
    pub lines: Vec<FlowLine>,
    pub tone: Tone,
}

/// A paragraph in a box, wrapped by the renderer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLine {
    pub text: String,
    /// With a dot before it.
    pub item: bool,
    pub bold: bool,
}

impl FlowLine {
    pub fn plain(text: String) -> FlowLine {
        FlowLine { text, item: false, bold: false }
    }

    pub fn bold(text: String) -> FlowLine {
        FlowLine { text, item: false, bold: true }
    }

    pub fn item(text: String) -> FlowLine {
        FlowLine { text, item: true, bold: false }
    }
}

/// What a box has to do with the way that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// On the way.
    Taken,
    /// Not on the way.
    Open,
    /// Not on the way, and not to be taken.
    Greyed,
}

impl Tone {
    pub fn name(self) -> &'static str {
        match self {
            Tone::Taken => "taken",
            Tone::Open => "open",
            Tone::Greyed => "greyed",
        }
    }
}

/// An arrow between boxes that are neighbours in a row (to the right) or in a column (downward).
#[derive(Clone, Debug, PartialEq)]
pub struct FlowArrow {
    /// Indices into [`Flow::boxes`].
    pub from: usize,
    pub to: usize,
    pub label: String,
    pub taken: bool,
}
