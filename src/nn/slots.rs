//! A list of slices that lives during one call, in memory that is kept for the next: cutting the buffers of a
//! step allocates nothing.

/// Memory for a list of slices.
pub(crate) struct Slots<T: 'static>(Vec<&'static mut [T]>);

/// Where a piece of a buffer goes: elements `start .. start + len` to place `slot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub start: usize,
    pub len: usize,
    pub slot: usize,
}

impl<T> Slots<T> {
    pub fn new() -> Slots<T> {
        Slots(Vec::new())
    }

    /// `count` empty slices, to be given back with [`Slots::take_back`].
    pub fn lend<'a>(&mut self, count: usize) -> Vec<&'a mut [T]> {
        let mut slices: Vec<&'a mut [T]> = std::mem::take(&mut self.0);
        slices.clear();
        slices.resize_with(count, Default::default);
        slices
    }

    pub fn take_back(&mut self, mut slices: Vec<&mut [T]>) {
        slices.clear();
        // Collecting an iterator over a vector into one of the same layout keeps its memory.
        self.0 = slices.into_iter().map(|_| unreachable!("the list is empty")).collect();
    }
}

/// Cuts `data` at `places`, which are in ascending order and do not overlap, and puts the pieces into
/// `slots`, each `offset` places further.
pub(crate) fn cut<'a, T>(data: &'a mut [T], places: &[Place], offset: usize, slots: &mut [&'a mut [T]]) {
    let (mut rest, mut at) = (data, 0);
    for place in places {
        let (_, from) = rest.split_at_mut(place.start - at);
        let (piece, after) = from.split_at_mut(place.len);
        slots[place.slot + offset] = piece;
        rest = after;
        at = place.start + place.len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_where_they_should_be_and_the_memory_is_kept() {
        let mut data = [1, 2, 3, 4, 5];
        let mut slots = Slots::new();
        let mut addresses = Vec::new();
        for _ in 0..3 {
            let mut slices = slots.lend(4);
            addresses.push(slices.as_ptr().addr());
            let places = [Place { start: 1, len: 1, slot: 2 }, Place { start: 3, len: 2, slot: 0 }];
            cut(&mut data, &places, 1, &mut slices);
            assert_eq!(slices, [&[][..], &[4, 5], &[], &[2]]);
            slots.take_back(slices);
        }
        assert_eq!(addresses[1], addresses[2]);
    }
}
