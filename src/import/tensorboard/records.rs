//! The frame of an event file: `length u64 | crc u32 | data | crc u32`, little-endian, again and again.
//!
//! The checksums are CRC-32C (Castagnoli), rotated by 15 bits and moved by a constant, so that a checksum of
//! data that hold checksums is none of a usual kind (TensorFlow, `lib/io/record_writer.h`).

use std::io::{self, Read};

const MASK: u32 = 0xa282_ead8;
/// The polynomial, reflected.
const CASTAGNOLI: u32 = 0x82f6_3b78;
/// Larger records hold images or graphs and no numbers that are looked for.
const LARGEST: u64 = 64 << 20;

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ CASTAGNOLI } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

fn update(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &b| (crc >> 8) ^ TABLE[((crc ^ u32::from(b)) & 0xff) as usize])
}

fn masked(crc: u32) -> u32 {
    (!crc).rotate_right(15).wrapping_add(MASK)
}

/// The masked checksum of some bytes.
pub fn checksum(bytes: &[u8]) -> u32 {
    masked(update(!0, bytes))
}

/// Whether the first bytes of a file are the frame of a record.
pub fn is_record(head: &[u8]) -> bool {
    head.len() >= 12 && checksum(&head[..8]).to_le_bytes() == head[8..12]
}

/// What comes next in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The data are in the buffer.
    Record,
    /// The data contradict their checksum; the next record can be read.
    Damaged,
    /// Too large to hold what is looked for.
    Skipped,
    /// The file ends between two records.
    End,
    /// The file ends within a record.
    Torn,
    /// The length contradicts its checksum: where the next record begins is not known.
    Lost,
}

/// Records one after the other.
pub struct Records<R> {
    input: R,
    /// Bytes that the file still has.
    left: u64,
    pub data: Vec<u8>,
}

impl<R: Read> Records<R> {
    pub fn new(input: R, length: u64) -> Records<R> {
        Records { input, left: length, data: Vec::new() }
    }

    /// # Errors
    /// What the file says.
    pub fn advance(&mut self) -> io::Result<Next> {
        self.data.clear();
        if self.left == 0 {
            return Ok(Next::End);
        }
        let mut head = [0; 12];
        if self.left < 12 || !self.fill(&mut head)? {
            return Ok(Next::Torn);
        }
        if !is_record(&head) {
            return Ok(Next::Lost);
        }
        let length = u64::from_le_bytes(head[..8].try_into().unwrap_or_default());
        if length.saturating_add(4) > self.left {
            return Ok(Next::Torn);
        }
        if length > LARGEST {
            let bytes = length + 4;
            let skipped = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink())?;
            self.left -= skipped;
            return Ok(if skipped == bytes { Next::Skipped } else { Next::Torn });
        }
        let mut data = std::mem::take(&mut self.data);
        data.resize(length as usize, 0);
        let mut crc = [0; 4];
        let whole = self.fill(&mut data)? && self.fill(&mut crc)?;
        self.data = data;
        Ok(match whole {
            false => Next::Torn,
            true if checksum(&self.data).to_le_bytes() == crc => Next::Record,
            true => Next::Damaged,
        })
    }

    /// Whether there were as many bytes.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.input.read_exact(buffer) {
            Ok(()) => {
                self.left -= (buffer.len() as u64).min(self.left);
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros, of ones, and rising.
        let rising: Vec<u8> = (0..32).collect();
        for (bytes, crc) in
            [(vec![0; 32], 0x8a91_36aa_u32), (vec![0xff; 32], 0x62a8_ab43), (rising, 0x46dd_794e)]
        {
            assert_eq!(!update(!0, &bytes), crc);
        }
    }
}
