//! Lists and ranges of whole numbers, as the command line and plan files write them.

use super::plan::MOST_CELLS;

/// Whole numbers: `1..10` (both ends included) or `1,2,5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers(pub Vec<u64>);

impl std::str::FromStr for Numbers {
    type Err = String;

    /// `1..10`, `1,2,5`, or both mixed: `1..4,8`.
    fn from_str(text: &str) -> Result<Numbers, String> {
        let bad = || format!("'{text}' is not a list such as 1,2,5 or a range such as 1..10");
        let mut numbers = Vec::new();
        for part in text.split(',') {
            match part.split_once("..") {
                None => numbers.push(part.trim().parse().map_err(|_| bad())?),
                Some((first, last)) => {
                    let first: u64 = first.trim().parse().map_err(|_| bad())?;
                    let last: u64 = last.trim().trim_start_matches('=').parse().map_err(|_| bad())?;
                    if first > last {
                        return Err(format!(
                            "'{part}' is empty: a range goes from the smaller to the larger number"
                        ));
                    }
                    if last - first >= MOST_CELLS as u64 {
                        return Err(format!("'{part}' holds more than {MOST_CELLS} numbers"));
                    }
                    numbers.extend(first..=last);
                }
            }
        }
        Ok(Numbers(numbers))
    }
}
