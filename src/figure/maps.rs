//! Small images of numbers as plain data: maps of a layer, filters, a sample.

use crate::stats::{Measured, is_missing};

/// Tiles on one colour scale, in rows from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    /// Over all tiles.
    pub title: String,
    pub tiles: Vec<Tile>,
    /// Tiles side by side.
    pub columns: usize,
    /// Index into [`super::chart::Figure::scales`].
    pub scale: usize,
    /// Whether the scale stands beside the tiles as a colour bar; without one, words have to say its ends.
    pub bar: bool,
}

/// An image of square cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tile {
    /// Over it.
    pub label: String,
    /// What a table calls it where the label does not tell it from the others; else empty.
    pub name: String,
    /// `[rows][columns]`, the top row first. Unlike a norm, a finite value may be negative.
    pub cells: Vec<Vec<Measured>>,
    /// Row and column of the first cell in the whole map, from 0.
    pub first: [usize; 2],
    /// Numbers of the columns, from 1, where they do not follow one another; else empty.
    pub numbers: Vec<usize>,
    /// Sides of a cell in units; all tiles of a figure that stand side by side have the same unit where they
    /// have as many of them.
    pub side: usize,
    /// Lines between groups of so many rows and columns of cells; 0 means none in that direction.
    pub groups: [usize; 2],
    /// Cells with a ring: row and column, from 0.
    pub rings: Vec<[usize; 2]>,
    /// A box round some cells: first row and column, numbers of rows and columns.
    pub frame: Option<[usize; 4]>,
}

impl Tile {
    /// Cells in rows of so many columns.
    pub fn new(label: String, values: &[f64], columns: usize, cell: fn(f64) -> Measured) -> Tile {
        let cells = values.chunks(columns).map(|row| row.iter().map(|&x| cell(x)).collect()).collect();
        Tile { label, cells, side: 1, ..Tile::default() }
    }

    /// Number of a row or a column in the whole map, from 1.
    pub fn row_number(&self, row: usize) -> usize {
        self.first[0] + row + 1
    }

    pub fn column_number(&self, column: usize) -> usize {
        self.numbers.get(column).copied().unwrap_or(self.first[1] + column + 1)
    }

    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    pub fn columns(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// Some of its cells: first row and column, numbers of rows and columns.
    pub fn cut(mut self, [row, column, rows, columns]: [usize; 4]) -> Tile {
        let part = |cells: &Vec<Measured>| cells[column..column + columns].to_vec();
        self.cells = self.cells[row..row + rows].iter().map(part).collect();
        self.first = [self.first[0] + row, self.first[1] + column];
        let inside =
            |[r, c]: &[usize; 2]| (row..row + rows).contains(r) && (column..column + columns).contains(c);
        self.rings.retain(inside);
        self.rings.iter_mut().for_each(|[r, c]| (*r, *c) = (*r - row, *c - column));
        self
    }

    /// Every finite value.
    pub fn finite(&self) -> impl Iterator<Item = f64> + '_ {
        self.cells.iter().flatten().filter_map(|c| c.value())
    }
}

/// Any number: a zero is one of them.
pub fn number(x: f64) -> Measured {
    match x {
        x if is_missing(x) => Measured::Missing,
        x if x.is_nan() => Measured::Nan,
        x if x.is_infinite() => Measured::Infinite,
        0.0 => Measured::Zero,
        x => Measured::Finite(x),
    }
}

/// A gradient as a replay stores it: one that is too small for a number has the sign of a zero.
pub fn gradient(x: f64) -> Measured {
    if x == 0.0 && x.is_sign_negative() { Measured::Underflow } else { number(x) }
}
