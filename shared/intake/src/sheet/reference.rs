//! Cell references: `B7`, `A2:C5`.

/// Rows of a spreadsheet's grid.
pub(super) const GRID_ROWS: u32 = 1 << 20;
/// Columns of a spreadsheet's grid, `XFD` the last.
pub(super) const GRID_COLUMNS: u32 = 1 << 14;

/// A cell's place: row from 1, column from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) row: u32,
    pub(super) column: u32,
}

/// A rectangle of cells, its corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    pub(super) first: Place,
    pub(super) last: Place,
}

impl Place {
    /// Reads `B7`; none when it is not one of the grid's.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (letters, digits) = text.split_at(letters);
        if !(1..=3).contains(&letters.len()) {
            return None;
        }
        let column = letters.iter().fold(0, |column, letter| {
            column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1
        });
        let row = parse_row(digits)?;
        (column <= GRID_COLUMNS).then_some(Self {
            row,
            column: column - 1,
        })
    }
}

impl Range {
    /// Reads `A2:C5`, or a single cell; none when it is not one of the grid's.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut corners = text.splitn(2, |&byte| byte == b':');
        let first = Place::parse(corners.next()?)?;
        let last = corners.next().map_or(Some(first), Place::parse)?;
        (first.row <= last.row && first.column <= last.column).then_some(Self { first, last })
    }
}

/// Reads the number of a row: 1 to 1,048,576.
pub(super) fn parse_row(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let row = digits
        .iter()
        .fold(0, |row, digit| row * 10 + u32::from(digit - b'0'));
    (1..=GRID_ROWS).contains(&row).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_up_to_the_corner_of_the_grid() {
        assert_eq!(Place::parse(b"A1"), Some(Place { row: 1, column: 0 }));
        assert_eq!(Place::parse(b"aa10"), Some(Place { row: 10, column: 26 }));
        assert_eq!(
            Place::parse(b"XFD1048576"),
            Some(Place {
                row: 1_048_576,
                column: 16_383
            })
        );
        for beyond in [
            "XFE1",
            "A1048577",
            "A0",
            "A",
            "1",
            "",
            "AAAA1",
            "A-1",
            "A99999999999999999999",
            "$A$1",
        ] {
            assert_eq!(Place::parse(beyond.as_bytes()), None, "{beyond}");
        }
    }

    #[test]
    fn a_range_has_its_corners_in_order() {
        let range = Range::parse(b"A2:C5").expect("a range");
        assert_eq!((range.first.row, range.last.row, range.last.column), (2, 5, 2));
        assert!(Range::parse(b"B7").is_some_and(|range| range.first == range.last));
        assert_eq!(Range::parse(b"C5:A2"), None);
        assert_eq!(Range::parse(b"A1:B2:C3"), None);
    }
}
