//! What is said of a header that lacks columns: which, what stands there instead, what comes near, and whether the file is
//! of another kind.

use std::collections::BTreeMap;

use domain::message::column_in_chinese;

use super::{Columns, naming};
use crate::{Column, Filled, Kind};

/// Headers that are quoted, at most, and characters of each.
const QUOTED_MAX: usize = 12;
const QUOTED_CHARACTERS_MAX: usize = 40;

/// Digits of a cell, at least, that is no column's name.
const DATA_DIGITS_MIN: usize = 7;

/// Characters of a name, at least, that another may come near.
const NEAR_CHARACTERS_MIN: usize = 2;

/// The detail of `HEADER_MISSING`, in both languages.
pub(super) fn detail(kind: Kind, header: &[String], missing: &[Column]) -> String {
    let english: Vec<&str> = missing.iter().map(|column| column.as_str()).collect();
    let chinese: Vec<&str> = missing
        .iter()
        .map(|column| column_in_chinese(column.as_str()))
        .collect();
    let (mut english, mut chinese) = (english.join(", "), chinese.join("、"));
    // A row of data in the header's place is somebody's: nothing of it is quoted.
    let is_data = header.iter().any(|cell| is_of_data(cell));
    let header = if is_data { &[][..] } else { header };
    if is_data {
        english += "; the first row holds data, not the names of columns";
        chinese += "；首行是数据，不是列名";
    }
    let cells: Vec<String> = header
        .iter()
        .map(|cell| quoted(cell))
        .filter(|cell| !cell.is_empty())
        .collect();
    if !cells.is_empty() {
        let shown = &cells[..cells.len().min(QUOTED_MAX)];
        let [more_en, more_zh] = if shown.len() < cells.len() {
            [", …", "……"]
        } else {
            ["", ""]
        };
        english += &format!("; the file has {}{more_en}", shown.join(", "));
        chinese += &format!("；文件里有：{}{more_zh}", shown.join("、"));
    }
    for (column, cell) in near(kind, header, missing) {
        english += &format!("; {cell} may be meant for {column}");
        chinese += &format!("；“{cell}”可能是{}", column_in_chinese(column.as_str()));
    }
    for column in missing {
        if let Some(option) = Filled::option(*column) {
            english += &format!("; {column} may be stated with the upload instead ({option})");
            chinese += &format!(
                "；{}可在上传时用 {option} 注明",
                column_in_chinese(column.as_str())
            );
        }
    }
    if let Some(other) = kind_of(header).filter(|&other| other != kind) {
        english += &format!("; it looks like a file of the kind {other}");
        chinese += &format!("；看起来是{}文件（{other}）", other.in_chinese());
    }
    format!("{english} | {chinese}")
}

/// The one kind whose required columns a header has all.
fn kind_of(header: &[String]) -> Option<Kind> {
    let mut kinds = Kind::ALL
        .into_iter()
        .filter(|&kind| Columns::are_in(kind, header));
    let kind = kinds.next()?;
    kinds.next().is_none().then_some(kind)
}

/// Whether no column is called so: it holds a number of an order, a parcel, a person or a telephone, or a mail address.
fn is_of_data(cell: &str) -> bool {
    cell.contains('@') || cell.chars().filter(|letter| letter.is_numeric()).count() >= DATA_DIGITS_MIN
}

/// A cell as a message quotes it: on one line, and with nothing that parts languages.
fn quoted(cell: &str) -> String {
    let words: Vec<&str> = cell.split_whitespace().collect();
    words
        .join(" ")
        .replace('|', "/")
        .chars()
        .take(QUOTED_CHARACTERS_MAX)
        .collect()
}

/// For each missing column the header that comes nearest, if one comes near at all.
fn near(kind: Kind, header: &[String], missing: &[Column]) -> BTreeMap<Column, String> {
    let unknown = header
        .iter()
        .filter(|cell| naming::column_written(kind, cell).is_none());
    let unknown: Vec<(&String, String)> = unknown
        .filter_map(|cell| Some((cell, naming::key(cell)?)))
        .collect();
    let nearest = missing.iter().filter_map(|&column| {
        let names = naming::names_of(kind).filter(|&(_, named)| named == column);
        let pairs = names.flat_map(|(name, _)| {
            unknown
                .iter()
                .map(move |(cell, key)| (likeness(name, key), *cell))
        });
        let (_, cell) = pairs
            .filter(|(likeness, _)| *likeness > 0)
            .max_by_key(|(likeness, _)| *likeness)?;
        Some((column, quoted(cell)))
    });
    nearest.collect()
}

/// How near two names come, in hundredths of the longer one; 0 where it is not near.
fn likeness(name: &str, other: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (name.chars().collect(), other.chars().collect());
    let (short, long) = (one.len().min(two.len()), one.len().max(two.len()));
    if short < NEAR_CHARACTERS_MIN || long > QUOTED_CHARACTERS_MAX {
        return 0;
    }
    let kept = long - distance(&one, &two);
    let is_part = name.contains(other) || other.contains(name);
    // Of three characters two, of more than three two thirds.
    let is_near = is_part || 3 * kept >= 2 * long;
    if is_near { 100 * kept / long } else { 0 }
}

/// How many characters must be changed, added or dropped.
fn distance(one: &[char], two: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (to, other) in two.iter().enumerate() {
            let changed = corner + usize::from(letter != other);
            corner = row[to + 1];
            row[to + 1] = changed.min(row[to] + 1).min(corner + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, header: &[&str]) -> String {
        let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
        Columns::resolve(kind, &header).expect_err("refused").detail
    }

    #[test]
    fn a_missing_column_is_named_with_what_comes_near() {
        assert_eq!(
            told(Kind::Tracking, &["下单号", "快递商", "运单号"]),
            "order_id, carrier; the file has 下单号, 快递商, 运单号; 下单号 may be meant for order_id; 快递商 may be meant for carrier | 订单号、承运商；文件里有：下单号、快递商、运单号；“下单号”可能是订单号；“快递商”可能是承运商"
        );
        let detail = told(Kind::Tracking, &["order_id", "traking number", "carrier"]);
        assert!(
            detail.contains("traking number may be meant for tracking_number"),
            "{detail}"
        );
    }

    #[test]
    fn a_column_that_an_upload_may_state_says_how() {
        let header = ["订单号", "付款时间", "订单金额", "收货国家"];
        let detail = told(Kind::Orders, &header);
        for words in [
            "seller_id may be stated with the upload instead (--shop)",
            "currency may be stated with the upload instead (--currency)",
            "店铺可在上传时用 --shop 注明；币种可在上传时用 --currency 注明",
        ] {
            assert!(detail.contains(words), "{detail}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_recognised() {
        let orders = ["订单号", "店铺", "付款时间", "订单金额", "币种", "收货国家"];
        let detail = told(Kind::Events, &orders);
        assert!(
            detail.contains("it looks like a file of the kind orders | "),
            "{detail}"
        );
        assert!(detail.ends_with("看起来是订单文件（orders）"), "{detail}");
    }

    #[test]
    fn headers_are_quoted_on_one_line_and_not_without_end() {
        let header: Vec<String> = (0..40).map(|at| format!("a|b\n{at}")).collect();
        let detail = detail(Kind::Rates, &header, &[Column::Date]);
        assert!(
            detail.contains("a/b 0, ") && detail.contains(", …") && !detail.contains('\n'),
            "{detail}"
        );
        assert_eq!(detail.matches(" | ").count(), 1);
    }
}
