//! Messages of protocol buffers, field by field; only what event files need.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    pub fn double(self) -> Option<f64> {
        match self {
            Wire::Fixed64(bytes) => Some(f64::from_le_bytes(bytes)),
            _ => None,
        }
    }

    pub fn float(self) -> Option<f64> {
        match self {
            Wire::Fixed32(bytes) => Some(f64::from(f32::from_le_bytes(bytes))),
            _ => None,
        }
    }

    pub fn integer(self) -> Option<i64> {
        match self {
            // Negative numbers are stored as their two's complement.
            Wire::Varint(number) => Some(number as i64),
            _ => None,
        }
    }

    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Wire::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn text(self) -> Option<std::borrow::Cow<'a, str>> {
        self.bytes().map(String::from_utf8_lossy)
    }
}

/// The fields of a message. Stops with [`Fields::is_broken`] where the bytes are none.
pub struct Fields<'a> {
    rest: &'a [u8],
    pub is_broken: bool,
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message, is_broken: false }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for (i, &byte) in self.rest.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * i).min(63);
            if byte < 0x80 {
                self.rest = &self.rest[i + 1..];
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.take(8)?.try_into().ok()?),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Fixed32(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Wire<'a>);

    fn next(&mut self) -> Option<(u64, Wire<'a>)> {
        if self.rest.is_empty() || self.is_broken {
            return None;
        }
        let field = self.field();
        self.is_broken = field.is_none();
        field
    }
}

/// Doubles of a repeated field, packed or one by one.
pub fn doubles(value: Wire<'_>, into: &mut Vec<f64>) {
    match value {
        Wire::Bytes(bytes) => {
            into.extend(bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b)));
        }
        other => into.extend(other.double()),
    }
}

/// Floats of a repeated field, packed or one by one.
pub fn floats(value: Wire<'_>, into: &mut Vec<f64>) {
    match value {
        Wire::Bytes(bytes) => {
            into.extend(bytes.as_chunks::<4>().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))));
        }
        other => into.extend(other.float()),
    }
}

/// Whole numbers of a repeated field, packed or one by one.
pub fn integers(value: Wire<'_>, into: &mut Vec<i64>) {
    match value {
        Wire::Bytes(bytes) => {
            let mut fields = Fields::of(bytes);
            while !fields.rest.is_empty() {
                let Some(number) = fields.varint() else { return };
                into.push(number as i64);
            }
        }
        other => into.extend(other.integer()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_broken_ones_end_the_message() {
        // 1: varint 300; 2: bytes "ab"; 3: fixed32 of 1.0.
        let message = [0x08, 0xac, 0x02, 0x12, 0x02, b'a', b'b', 0x1d, 0, 0, 0x80, 0x3f];
        let fields: Vec<_> = Fields::of(&message).collect();
        assert_eq!(fields[0], (1, Wire::Varint(300)));
        assert_eq!(fields[1], (2, Wire::Bytes(b"ab")));
        assert_eq!(fields[2].1.float(), Some(1.0));
        for cut in 0..message.len() {
            let mut fields = Fields::of(&message[..cut]);
            let count = fields.by_ref().count();
            assert!(count < 3);
            assert_eq!(fields.is_broken, ![0, 3, 7].contains(&cut), "{cut}");
        }
        assert!(Fields::of(&[0xff; 20]).next().is_none());
        let minus_one = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Fields::of(&minus_one).next().unwrap().1.integer(), Some(-1));
    }
}
