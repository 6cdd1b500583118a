//! One JSON object and the text of its values, digit by digit as it was written.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A key of an object, and its value as it is written.
pub(crate) type Member<'a> = (String, &'a RawValue);

/// Arrays and objects within each other, at most.
const DEPTH_MAX: usize = 32;

/// Characters of a key that a fault quotes, at most.
const QUOTED_CHARACTERS_MAX: usize = 40;

/// What is wrong with a line, in English and Chinese.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

impl Fault {
    pub(crate) fn twice(key: &str) -> Self {
        let key: String = key.chars().take(QUOTED_CHARACTERS_MAX).collect();
        Self(format!("the key {key} stands there twice | 键 {key} 重复出现"))
    }

    fn unread(error: &serde_json::Error) -> Self {
        let at = error.column();
        Self(format!(
            "the line is no whole JSON object (byte {at}) | 该行不是完整的 JSON 对象（第 {at} 个字节）"
        ))
    }
}

/// The members of the one object that a line holds, in their order.
pub(crate) fn parse(line: &str) -> Result<Vec<Member<'_>>, Fault> {
    let mut json = serde_json::Deserializer::from_str(line);
    let members = json
        .deserialize_map(Members)
        .map_err(|error| Fault::unread(&error))?;
    json.end().map_err(|error| Fault::unread(&error))?;
    Ok(members)
}

struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Appends a value's text: a string without its quotes, nothing for `null`, anything else as compact JSON.
pub(crate) fn append_text(value: &RawValue, cell: &mut String) -> Result<(), Fault> {
    match value.get().as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(value.get()).map_err(|error| Fault::unread(&error))?;
            if text.contains('\0') {
                return Err(Fault("a NUL character | 含有 NUL 字符".to_owned()));
            }
            cell.push_str(&text);
            Ok(())
        }
        Some(b'n') => Ok(()),
        _ => append_compact(value.get(), cell),
    }
}

/// Appends an object of these members as compact JSON.
pub(crate) fn append_json(members: &[&Member<'_>], cell: &mut String) -> Result<(), Fault> {
    for (index, (key, value)) in members.iter().enumerate() {
        cell.push(if index == 0 { '{' } else { ',' });
        cell.push_str(&serde_json::to_string(key).map_err(|error| Fault::unread(&error))?);
        cell.push(':');
        append_compact(value.get(), cell)?;
    }
    cell.push('}');
    Ok(())
}

/// Appends JSON without the blanks between its tokens.
fn append_compact(json: &str, cell: &mut String) -> Result<(), Fault> {
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    for character in json.chars() {
        if in_string {
            in_string = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
        } else {
            match character {
                '"' => in_string = true,
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                ' ' | '\t' | '\r' | '\n' => continue,
                _ => {}
            }
            if depth > DEPTH_MAX {
                return Err(Fault(format!(
                    "lists nested more than {DEPTH_MAX} deep | 嵌套超过 {DEPTH_MAX} 层"
                )));
            }
        }
        cell.push(character);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Result<Vec<(String, String)>, Fault> {
        let members = parse(line)?;
        members
            .into_iter()
            .map(|(key, value)| {
                let mut cell = String::new();
                append_text(value, &mut cell).map(|()| (key, cell))
            })
            .collect()
    }

    fn text(value: &str) -> String {
        let line = format!(r#"{{"k": {value}}}"#);
        texts(&line).expect("readable").remove(0).1
    }

    #[test]
    fn values_are_their_text() {
        for (value, expected) in [
            (r#""订\u5355\n\"a\"""#, "订单\n\"a\""),
            ("8000011000000005", "8000011000000005"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1.10", "1.10"),
            ("1E400", "1E400"),
            ("true", "true"),
            ("null", ""),
            (
                r#"[ 1 , "a b\" c" , { "x" : null } ]"#,
                r#"[1,"a b\" c",{"x":null}]"#,
            ),
            (r#"" \\""#, " \\"),
        ] {
            assert_eq!(text(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_object_is_a_fault_with_its_place() {
        for (line, place) in [
            (r#"{"a": 1"#, "byte 7"),
            (r#"{"a": 1} x"#, "byte 10"),
            ("[1]", "byte "),
            (r#"{"a": "\ud800"}"#, "byte "),
            ("{'a': 1}", "byte 2"),
            (r#"{"a": 01}"#, "byte "),
        ] {
            let Fault(fault) = texts(line).expect_err(line);
            assert!(fault.contains(place) && fault.contains(" | "), "{line}: {fault}");
        }
        let Fault(fault) = texts(r#"{"a": "\u0000"}"#).expect_err("NUL");
        assert!(fault.contains("NUL"));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!(r#"{{"a": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(texts(&nested(DEPTH_MAX)).is_ok());
        let Fault(fault) = texts(&nested(DEPTH_MAX + 1)).expect_err("too deep");
        assert!(fault.contains("nested more than 32"), "{fault}");
        assert!(texts(&nested(1_000_000)).is_err());
    }
}
