//! The cell that most cells are, read off the buffer in one go: `<c r="B7" s="1" t="s"><v>12</v></c>`.
//!
//! Whatever is spelled in any other way is none of these and left to the XML's reader, which says the same of it: twice
//! the rows a second, and nothing else, is what this is for.

/// A plain cell: its attributes `r`, `s` and `t` as they stand, and its value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PlainCell<'a> {
    /// By name.
    pub(super) attributes: [Option<(&'a [u8], &'a [u8])>; 3],
    pub(super) value: &'a str,
    /// Bytes from the beginning of the element to its end.
    pub(super) bytes: usize,
}

impl<'a> PlainCell<'a> {
    /// The plain cell that the buffer begins with, if it is one and whole.
    pub(super) fn at(buffer: &'a [u8]) -> Option<Self> {
        let mut cell = Self::default();
        let mut rest = buffer.strip_prefix(b"<c")?;
        for slot in &mut cell.attributes {
            let Some(attribute) = rest.strip_prefix(b" ") else {
                break;
            };
            let (name, after) = attribute.split_at_checked(1)?;
            if !matches!(name, b"r" | b"s" | b"t") {
                return None;
            }
            let (value, after) = graphic_until(after.strip_prefix(b"=\"")?, b'"')?;
            (*slot, rest) = (Some((name, value)), after);
        }
        let (value, after) = graphic_until(rest.strip_prefix(b"><v>")?, b'<')?;
        rest = after.strip_prefix(b"/v></c>")?;
        cell.value = str::from_utf8(value).ok()?;
        cell.bytes = buffer.len() - rest.len();
        Some(cell)
    }
}

/// What stands before `end`, and what behind it; none when it holds more than letters, digits and the like.
fn graphic_until(text: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = text
        .iter()
        .position(|&byte| byte == end || !byte.is_ascii_graphic() || matches!(byte, b'&' | b'<' | b'>'))?;
    (text[at] == end).then(|| (&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_cell_is_read_whole_or_not_at_all() {
        let text = b"<c r=\"B7\" s=\"1\" t=\"s\"><v>12</v></c><c";
        let cell = PlainCell::at(text).expect("plain");
        assert_eq!(
            cell.attributes,
            [
                Some((&b"r"[..], &b"B7"[..])),
                Some((b"s", b"1")),
                Some((b"t", b"s"))
            ]
        );
        assert_eq!((cell.value, cell.bytes), ("12", text.len() - 2));
        for end in 0..cell.bytes {
            assert_eq!(PlainCell::at(&text[..end]), None);
        }
    }

    #[test]
    fn anything_else_is_left_to_the_reader() {
        for text in [
            "<c r=\"A1\"/>",
            "<c r='A1'><v>1</v></c>",
            "<c  r=\"A1\"><v>1</v></c>",
            "<c r=\"A1\"><f>1</f><v>1</v></c>",
            "<c r=\"A1\"><v>a b</v></c>",
            "<c r=\"A1\"><v>&#49;</v></c>",
            "<c r=\"A1\"><v>中</v></c>",
            "<c r=\"A&#49;\"><v>1</v></c>",
            "<c cm=\"1\"><v>1</v></c>",
            "<c><v>1</v ></c>",
            "<cols><v>1</v></c>",
        ] {
            assert_eq!(PlainCell::at(text.as_bytes()), None, "{text}");
        }
    }
}
