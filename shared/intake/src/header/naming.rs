//! What a header's cell is called: the names of a kind's columns, by the table and as people decorate them.
//!
//! A cell is looked up as it stands first. Only where that is no name it is looked at without what people put around names:
//! brackets and what is in them, colons, hyphens, `No.`, `#`, numbering, hints such as 必填, a second language, the plural,
//! traditional characters.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use domain::plain_words;

use crate::cell::{self, Use};
use crate::zones::noted;
use crate::{Column, Kind};

const SHIPPED: &str = include_str!("../../data/headers.toml");

/// Characters of a header's cell that are looked at.
const CHARACTERS_MAX: usize = 200;

/// What people write next to a name to say whether its cells must be filled in, as [`key`] writes it.
const HINTS: [&str; 14] = [
    "必填",
    "必填项",
    "必须",
    "非必填",
    "选填",
    "选填项",
    "可选",
    "可不填",
    "required",
    "mandatory",
    "optional",
    "文本",
    "文本格式",
    "text",
];

static NAMES: LazyLock<Names> =
    LazyLock::new(|| names(SHIPPED).expect("the shipped alias table is checked by a test"));

type Names = BTreeMap<&'static str, KindNames>;

/// What the columns of one kind are called.
#[derive(Default)]
pub(super) struct KindNames {
    /// Names as [`normalised`] writes them.
    exact: HashMap<String, Column>,
    /// Names as [`key`] writes them, and those that count only where no column is named otherwise (`~` in the table).
    wide: HashMap<String, Column>,
}

/// The column of that exact name.
pub(crate) fn column_named(kind: Kind, normalised: &str) -> Option<Column> {
    NAMES.get(kind.as_str())?.exact.get(normalised).copied()
}

/// The column that a cell names in whatever decoration.
pub(crate) fn column_written(kind: Kind, cell: &str) -> Option<Column> {
    column_named(kind, &normalised(cell)).or_else(|| column_decorated(kind, cell))
}

/// A header's name without what headers may differ in.
pub(crate) fn normalised(header: &str) -> String {
    let (text, _) = cell::clean(header, Use::Text);
    text.chars()
        .map(domain::simplified)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '*'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The names of a kind's columns, for those that look for the nearest.
pub(super) fn names_of(kind: Kind) -> impl Iterator<Item = (&'static str, Column)> {
    let names = NAMES.get(kind.as_str()).map(|names| &names.wide);
    names
        .into_iter()
        .flatten()
        .map(|(name, column)| (name.as_str(), *column))
}

/// The column that a cell names when its decoration is taken off. The first of its lines that names one decides.
pub(super) fn column_decorated(kind: Kind, cell: &str) -> Option<Column> {
    let names = &NAMES.get(kind.as_str())?.wide;
    let (text, _) = cell::clean(cell, Use::Text);
    let end = text
        .char_indices()
        .nth(CHARACTERS_MAX)
        .map_or(text.len(), |(end, _)| end);
    let of_lines = |text: &str| text.lines().find_map(|line| of_line(names, line));
    let without_zone = || of_lines(&noted(&text[..end])?.0);
    of_lines(&text[..end]).or_else(without_zone)
}

fn of_line(names: &HashMap<String, Column>, line: &str) -> Option<Column> {
    let named = |text: &str| key(text).and_then(|key| names.get(&key).copied());
    let (outside, inside) = brackets(line);
    named(line).or_else(|| named(&outside)).or_else(|| {
        // Several names of one column: two languages, or two words for it.
        let parts = outside.split(['/', '|', '\\', '、']).flat_map(languages);
        let mut found = None;
        for column in parts.chain(inside.iter().map(String::as_str)).filter_map(named) {
            if found.is_some_and(|found| found != column) {
                return None;
            }
            found = Some(column);
        }
        found
    })
}

/// A name as names are compared in their decorations.
pub(super) fn key(text: &str) -> Option<String> {
    // `Order #` is the order's number, `#订单号` is marked, and the capitals of orderNumber begin words.
    let mut spelled = String::with_capacity(text.len() + 4);
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '#' if spelled.contains(char::is_alphanumeric) => spelled.push_str(" no "),
            '\u{2460}'..='\u{249b}' => spelled.push(' '),
            letter => {
                if before.is_ascii_lowercase() && letter.is_ascii_uppercase() {
                    spelled.push(' ');
                }
                spelled.push(letter);
            }
        }
        before = letter;
    }
    let words = plain_words(&spelled)?;
    let words = without_hints(without_numbering(&words));
    let joined: String = words.split(' ').collect();
    (!joined.is_empty()).then(|| stem(&joined))
}

/// Words without the number or letter that counts columns before them.
fn without_numbering(words: &str) -> &str {
    let rest = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_counted = (1..=3).contains(&(words.len() - rest.len()));
    if is_counted && !rest.trim_start().is_empty() {
        return rest.trim_start();
    }
    match words.split_once(' ') {
        Some((letter, rest)) if letter.len() == 1 && letter.is_ascii() => rest,
        _ => words,
    }
}

/// Words without hints at their ends.
fn without_hints(words: &str) -> &str {
    let mut kept = words;
    loop {
        let shorter = HINTS.iter().find_map(|hint| {
            let rest = kept.strip_suffix(hint).or_else(|| kept.strip_prefix(hint))?;
            // A Latin hint is a word of its own.
            let is_apart = !hint.is_ascii() || rest.starts_with(' ') || rest.ends_with(' ');
            (is_apart && !rest.trim().is_empty()).then(|| rest.trim())
        });
        match shorter {
            Some(rest) => kept = rest,
            None => return kept,
        }
    }
}

/// One form for the plural and for the words for a number.
fn stem(joined: &str) -> String {
    let mut name = joined.to_owned();
    if name.is_ascii() && name.len() > 3 {
        if let Some(stem) = name.strip_suffix("ies") {
            name = format!("{stem}y");
        } else if name.ends_with('s') && !name.ends_with("ss") {
            name.pop();
        }
    }
    for (long, short) in [
        ("number", "no"),
        ("num", "no"),
        ("nbr", "no"),
        ("号码", "号"),
        ("编号", "号"),
        ("代码", "码"),
    ] {
        if let Some(stem) = name.strip_suffix(long).filter(|stem| !stem.is_empty()) {
            return format!("{stem}{short}");
        }
    }
    name
}

/// What stands outside brackets, and in each pair of them.
fn brackets(line: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut open) = (String::new(), Vec::new(), None);
    for letter in line.chars() {
        match (letter, &mut open) {
            ('(' | '（' | '[' | '［' | '【' | '〔' | '{' | '<' | '《' | '「', None) => {
                open = Some(String::new())
            }
            (')' | '）' | ']' | '］' | '】' | '〕' | '}' | '>' | '》' | '」', Some(_)) => {
                inside.extend(open.take())
            }
            (letter, Some(text)) => text.push(letter),
            (letter, None) => outside.push(letter),
        }
    }
    inside.extend(open);
    (outside, inside)
}

/// A text taken apart where Chinese and other letters meet.
fn languages(text: &str) -> Vec<&str> {
    let is_chinese = |c: char| matches!(c, '\u{3400}'..='\u{9fff}');
    let letters = text.char_indices().filter(|(_, c)| c.is_alphabetic());
    let mut starts: Vec<usize> = Vec::new();
    let mut before = None;
    for (at, letter) in letters {
        let chinese = is_chinese(letter);
        if before.is_some_and(|before| before != chinese) {
            starts.push(at);
        }
        before = Some(chinese);
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for start in starts {
        parts.push(&text[from..start]);
        from = start;
    }
    parts.push(&text[from..]);
    parts
}

/// Reads an alias table; the error says what is wrong with it.
pub(super) fn names(table: &str) -> Result<Names, String> {
    let table: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        toml::from_str(table).map_err(|error| error.to_string())?;
    let mut names = BTreeMap::new();
    for (kind, columns) in &table {
        let kind = Kind::parse(kind).ok_or_else(|| format!("no kind: {kind}"))?;
        let mut of_kind = KindNames::default();
        for &(column, _) in kind.columns() {
            of_kind.add(kind, column.as_str(), column)?;
        }
        for (column, aliases) in columns {
            let known = kind.columns().iter().find(|(known, _)| known.as_str() == column);
            let &(column, _) = known.ok_or_else(|| format!("{kind} has no column {column}"))?;
            for alias in aliases {
                of_kind.add(kind, alias, column)?;
            }
        }
        names.insert(kind.as_str(), of_kind);
    }
    Ok(names)
}

impl KindNames {
    fn add(&mut self, kind: Kind, alias: &str, column: Column) -> Result<(), String> {
        let twice = |other: Option<Column>| other.is_some_and(|other| other != column);
        let name = alias.strip_prefix('~').unwrap_or(alias);
        let is_exact = name.len() == alias.len();
        let is_exact_twice = is_exact && twice(self.exact.insert(normalised(name), column));
        let key = key(name).ok_or_else(|| format!("{kind}: {alias} has no letters"))?;
        if is_exact_twice || twice(self.wide.insert(key, column)) {
            return Err(format!("{kind}: {alias} stands for two columns"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_alias_table_reads() {
        let names = names(SHIPPED).expect("readable");
        for kind in Kind::ALL {
            assert_eq!(
                names.contains_key(kind.as_str()),
                !kind.columns().is_empty(),
                "{kind}"
            );
        }
    }

    #[test]
    fn an_alias_table_with_a_slip_is_refused_by_name() {
        let error = |table: &str| names(table).err().unwrap_or_default();
        assert!(error("[orders]\nno_such = []").contains("no_such"));
        assert!(error("[orders]\namount = [\"币种\"]\ncurrency = [\"币种\"]").contains("币种"));
        assert!(error("[order]").contains("order"));
    }

    #[test]
    fn known_names_are_read_in_their_decorations() {
        for (cell, column) in [
            ("订单号(必填)", Column::OrderId),
            ("订单号（必填）：", Column::OrderId),
            ("【订单号】", Column::OrderId),
            ("*订单号/包裹号(必填)", Column::OrderId),
            ("1.订单号", Column::OrderId),
            ("1、订单号", Column::OrderId),
            ("（2）订单号", Column::OrderId),
            ("①订单号", Column::OrderId),
            ("A. 订单号", Column::OrderId),
            ("订单号 必填", Column::OrderId),
            ("必填-订单号", Column::OrderId),
            ("订单号\n请填写平台订单号", Column::OrderId),
            ("訂單號", Column::OrderId),
            ("訂單編號", Column::OrderId),
            ("订单号码", Column::OrderId),
            ("订单号 Order No.", Column::OrderId),
            ("Order ID 订单号", Column::OrderId),
            ("订单号/Order ID", Column::OrderId),
            ("Order ID（订单号）", Column::OrderId),
            ("order-id", Column::OrderId),
            ("Order No.", Column::OrderId),
            ("Order #", Column::OrderId),
            ("Order Number:", Column::OrderId),
            ("orderNumber", Column::OrderId),
            ("Order IDs", Column::OrderId),
            ("#订单号", Column::OrderId),
            ("Tracking Number(s)", Column::TrackingNumber),
            ("tracking-number", Column::TrackingNumber),
            ("Tracking #", Column::TrackingNumber),
            ("Tracking No", Column::TrackingNumber),
            ("运单号码", Column::TrackingNumber),
            ("物流單號", Column::TrackingNumber),
            ("Carriers", Column::Carrier),
            ("承運商", Column::Carrier),
            ("Carrier [required]", Column::Carrier),
            ("税号（CPF/CNPJ）", Column::ConsigneeTaxId),
            ("Tax ID No.", Column::ConsigneeTaxId),
            ("国家/地区", Column::DestinationCountry),
        ] {
            assert_eq!(column_written(Kind::Tracking, cell), Some(column), "{cell:?}");
        }
        for cell in [
            "",
            "()",
            "买家名称",
            "付款时间/订单金额",
            "实际发货物流:运单号",
            "1",
            "必填",
            "No.",
            "包裹号",
        ] {
            assert_eq!(column_written(Kind::Tracking, cell), None, "{cell:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_cell_is_looked_at_without_a_panic(cell in "\\PC{0,40}|[订单号()#a1\n/ ]{0,20}") {
            column_written(Kind::Tracking, &cell);
        }
    }
}
