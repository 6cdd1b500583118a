//! Headers: which cell of the header is which column, by name and alias, never by position.

mod missing;
mod naming;

use std::collections::BTreeMap;
use std::ops::Range;

use domain::code::FileCode;
use domain::money::DecimalMark;

use crate::kind::Need;
use crate::rejected::ANSWER_COLUMNS;
use crate::sample::Sample;
use crate::title::HEADER_ROWS_MAX;
use crate::zones::{Noted, is_platform_export, noted};
use crate::{Column, FileError, Filled, Kind};

pub(crate) use naming::{column_named, column_written, normalised};

/// Characters of a header's cell that a refusal quotes, at most.
const QUOTED_CHARACTERS_MAX: usize = 40;

/// Where the columns of a kind stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    kind: Kind,
    at: [Option<u16>; Column::ALL.len()],
    width: usize,
    /// Whether the file's order ids show that a spreadsheet has cut them to 15 digits.
    precision_lost: bool,
    /// Whether the spreadsheet's own numbers keep more digits than a spreadsheet does.
    numbers_are_whole: bool,
    /// What the file's amounts show together.
    decimal_mark: DecimalMark,
    /// What the header says of the zone of a column's times.
    noted: Vec<(Column, Noted)>,
    is_platform_export: bool,
}

impl Columns {
    /// Finds the columns of `kind` in a header.
    ///
    /// # Errors
    /// `HEADER_DUPLICATE` for a known column that stands there twice by the same name, `HEADER_AMBIGUOUS` for one
    /// that stands there by two names, `HEADER_MISSING` with all required columns that it lacks.
    pub fn resolve(kind: Kind, header: &[String]) -> Result<Self, FileError> {
        Self::resolve_filled(kind, header, &Filled::default())
    }

    /// As [`Columns::resolve`], where what the upload states stands for columns that the header lacks.
    ///
    /// # Errors
    /// As [`Columns::resolve`].
    pub fn resolve_filled(kind: Kind, header: &[String], filled: &Filled) -> Result<Self, FileError> {
        let found = found(kind, header);
        refuse_repeated(&found, header)?;
        let required = kind.columns().iter().filter(|&&(_, need)| need == Need::Required);
        let missing =
            required.filter(|(column, _)| !found.contains_key(column) && filled.value(*column).is_none());
        let missing: Vec<Column> = missing.map(|&(column, _)| column).collect();
        if !missing.is_empty() {
            let detail = missing::detail(kind, header, &missing);
            return Err(FileError {
                missing,
                ..FileError::new(FileCode::HeaderMissing, detail)
            });
        }
        let mut at = [None; Column::ALL.len()];
        for (column, cells) in &found {
            at[*column as usize] = cells.first().and_then(|cell| u16::try_from(cell.index).ok());
        }
        let width = header.len();
        let noted = |(column, cells): (&Column, &Vec<Naming>)| {
            let (_, noted) = noted(&header[cells.first()?.index])?;
            Some((*column, noted))
        };
        Ok(Self {
            kind,
            at,
            width,
            precision_lost: false,
            numbers_are_whole: false,
            decimal_mark: DecimalMark::Unknown,
            noted: found.iter().filter_map(noted).collect(),
            is_platform_export: is_platform_export(header),
        })
    }

    /// Whether a header has all the columns that `kind` must have.
    pub(crate) fn are_in(kind: Kind, header: &[String]) -> bool {
        let found = found(kind, header);
        let mut required = kind.columns().iter().filter(|&&(_, need)| need == Need::Required);
        required.all(|(column, _)| found.contains_key(column))
    }

    /// The kind of upload.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The index of the cell that holds `column`; `None` when the file has no such column.
    pub fn at(&self, column: Column) -> Option<usize> {
        self.at[column as usize].map(usize::from)
    }

    /// Whether the file's order ids, taken together, show that a spreadsheet has made zeros of their last digits
    /// (`ORDER_ID_PRECISION_LOST`).
    pub fn is_precision_lost(&self) -> bool {
        self.precision_lost
    }

    /// Whether a number of the spreadsheet's own that ends in zeros has lost its last digits: not where others have all
    /// theirs, since a program wrote them that keeps them.
    pub(crate) fn are_numbers_cut(&self) -> bool {
        !self.numbers_are_whole
    }

    /// What stands before the minor units of the file's amounts, as far as they show it.
    pub(crate) fn decimal_mark(&self) -> DecimalMark {
        self.decimal_mark
    }

    pub(crate) fn note_sample(&mut self, sample: &Sample) {
        self.precision_lost = sample.precision().is_lost();
        self.numbers_are_whole = sample.precision().numbers_are_whole();
        self.decimal_mark = sample.decimal_mark();
    }

    pub(crate) fn trust_order_ids(&mut self) {
        self.precision_lost = false;
    }

    /// What the header says of the zone of a column's times.
    pub(crate) fn noted(&self, column: Column) -> Option<Noted> {
        let noted = self.noted.iter().find(|(noted, _)| *noted == column);
        noted.map(|&(_, noted)| noted)
    }

    /// Whether the file is one of the platform's own exports, by its header.
    pub(crate) fn is_platform_export(&self) -> bool {
        self.is_platform_export
    }

    /// How many cells the header has.
    pub fn width(&self) -> usize {
        self.width
    }
}

/// A cell of the header that names a column.
struct Naming {
    index: usize,
    /// The name it uses, normalised.
    name: String,
}

/// The columns that a header names, each with all the cells that name it: by their exact names, and only those that none
/// names so by names in decoration.
fn found(kind: Kind, header: &[String]) -> BTreeMap<Column, Vec<Naming>> {
    let answer = answer_columns(header).unwrap_or_default();
    let mut found: BTreeMap<Column, Vec<Naming>> = BTreeMap::new();
    let mut decorated: BTreeMap<Column, Vec<Naming>> = BTreeMap::new();
    for index in (0..header.len()).filter(|index| !answer.contains(index)) {
        let name = normalised(&header[index]);
        let exact = column_named(kind, &name);
        let column = exact.or_else(|| naming::column_decorated(kind, &header[index]));
        if let Some(column) = column.filter(|&column| kind.reads(column)) {
            let named = if exact.is_some() {
                &mut found
            } else {
                &mut decorated
            };
            named.entry(column).or_default().push(Naming { index, name });
        }
    }
    for (column, cells) in decorated {
        // Which of several is meant only matters where the column is more than compared.
        if cells.len() == 1 || !kind.compares(column) {
            found.entry(column).or_insert(cells);
        }
    }
    found
}

/// Refuses a header that names a column more than once: which of the cells is meant would be a guess.
fn refuse_repeated(found: &BTreeMap<Column, Vec<Naming>>, header: &[String]) -> Result<(), FileError> {
    let repeated: Vec<_> = found.iter().filter(|(_, cells)| cells.len() > 1).collect();
    if repeated.is_empty() {
        return Ok(());
    }
    let by_one_name = |cells: &[Naming]| cells.windows(2).all(|pair| pair[0].name == pair[1].name);
    let is_duplicate = repeated.iter().all(|(_, cells)| by_one_name(cells));
    let code = if is_duplicate {
        FileCode::HeaderDuplicate
    } else {
        FileCode::HeaderAmbiguous
    };
    let quoted = |cell: &Naming| {
        header[cell.index]
            .trim()
            .chars()
            .take(QUOTED_CHARACTERS_MAX)
            .collect::<String>()
    };
    let details = repeated.iter().map(|(column, cells)| {
        let written: Vec<String> = cells.iter().map(quoted).collect();
        format!("{column}: {}", written.join(" / "))
    });
    Err(FileError::new(code, details.collect::<Vec<_>>().join("; ")))
}

/// Where the columns of an answer file stand in the header of one that was mended and sent again; they are not the
/// upload's, although one is called `clause` like a column of appeals.
pub(crate) fn answer_columns(header: &[String]) -> Option<Range<usize>> {
    let count = ANSWER_COLUMNS.len();
    let is_answer = |cells: &[String]| {
        cells
            .iter()
            .zip(ANSWER_COLUMNS)
            .all(|(cell, name)| cell.trim() == name)
    };
    header
        .windows(count)
        .rposition(is_answer)
        .map(|start| start..start + count)
}

/// The delimiter under which one of the first lines names the most columns of `kind`; where several do, the one that
/// occurs most often, and a comma before all.
pub(crate) fn sniff_delimiter(kind: Kind, text: &[u8]) -> u8 {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    let lines: Vec<&[u8]> = lines
        .filter(|line| !line.trim_ascii().is_empty())
        .take(HEADER_ROWS_MAX)
        .collect();
    let known = |line: &[u8], delimiter: u8| {
        let cells = line.split(|&byte| byte == delimiter);
        let cells = cells.filter_map(|cell| str::from_utf8(cell).ok());
        cells
            .filter(|cell| column_written(kind, cell.trim_matches('"')).is_some())
            .count()
    };
    let often = |line: &[u8], delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let rank = |delimiter: u8| {
        let ranks = lines
            .iter()
            .map(|line| (known(line, delimiter), often(line, delimiter)));
        ranks.max()
    };
    let ranked = [b'\t', b';', b','];
    ranked
        .into_iter()
        .max_by_key(|&delimiter| rank(delimiter))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(kind: Kind, header: &[&str]) -> Result<Columns, FileError> {
        Columns::resolve(
            kind,
            &header.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>(),
        )
    }

    fn refused(kind: Kind, header: &[&str]) -> (FileCode, String) {
        let refusal = resolve(kind, header).expect_err("refused");
        (refusal.code, refusal.detail)
    }

    #[test]
    fn headers_match_without_regard_to_case_spaces_underscores_and_stars() {
        let columns = resolve(
            Kind::Tracking,
            &[
                "* Order ID",
                "ＣＡＲＲＩＥＲ",
                "Tracking_Number*",
                "\u{feff}Uploaded\u{a0}At",
            ],
        )
        .expect("resolved");
        assert_eq!(columns.at(Column::OrderId), Some(0));
        assert_eq!(columns.at(Column::Carrier), Some(1));
        assert_eq!(columns.at(Column::TrackingNumber), Some(2));
        assert_eq!(columns.at(Column::UploadedAt), Some(3));
        assert_eq!(columns.at(Column::SendType), None);
    }

    #[test]
    fn chinese_and_platform_names_match_in_any_order() {
        let columns =
            resolve(Kind::Tracking, &["物流单号", "service_name", "仓库", "订单号"]).expect("resolved");
        assert_eq!(columns.at(Column::TrackingNumber), Some(0));
        assert_eq!(columns.at(Column::Carrier), Some(1));
        assert_eq!(columns.at(Column::OrderId), Some(3));
        let orders = [
            "交易号",
            "店铺",
            "gmt_pay_success",
            "订单金额",
            "币种",
            "收货国家",
            "类目",
            "订单状态",
        ];
        assert!(resolve(Kind::Orders, &orders).is_ok());
        assert!(
            resolve(
                Kind::Events,
                &["承运商", "运单号", "轨迹节点", "发生时间", "国家", "描述"]
            )
            .is_ok()
        );
        assert!(
            resolve(
                Kind::Appeals,
                &[
                    "申诉号",
                    "订单号",
                    "申诉原因",
                    "申诉状态",
                    "提交时间",
                    "处理时间",
                    "凭证"
                ]
            )
            .is_ok()
        );
        assert!(resolve(Kind::Rates, &["日期", "币种", "汇率"]).is_ok());
    }

    #[test]
    fn all_missing_columns_are_named() {
        let (code, detail) = refused(Kind::Tracking, &["tracking_number", "备注"]);
        assert_eq!(code, FileCode::HeaderMissing);
        assert!(detail.starts_with("order_id, carrier; "), "{detail}");
    }

    #[test]
    fn a_column_twice_by_one_name_is_a_duplicate() {
        let (code, detail) = refused(Kind::Rates, &["date", "currency", "usd_per_unit", "Currency "]);
        assert_eq!(
            (code, detail.as_str()),
            (FileCode::HeaderDuplicate, "currency: currency / Currency")
        );
    }

    #[test]
    fn a_column_by_two_names_is_ambiguous() {
        let (code, detail) = refused(Kind::Rates, &["date", "currency", "usd_per_unit", "币种"]);
        assert_eq!(
            (code, detail.as_str()),
            (FileCode::HeaderAmbiguous, "currency: currency / 币种")
        );
    }

    #[test]
    fn a_decorated_name_counts_where_none_stands_alone() {
        let columns = resolve(
            Kind::Tracking,
            &["订单号", "物流公司(备用)", "物流公司", "运单号(必填)"],
        )
        .expect("resolved");
        assert_eq!(columns.at(Column::Carrier), Some(2));
        assert_eq!(columns.at(Column::TrackingNumber), Some(3));
        let (code, _) = refused(
            Kind::Tracking,
            &["订单号", "物流公司", "运单号(主)", "运单号(备)"],
        );
        assert_eq!(code, FileCode::HeaderAmbiguous);
        // Order columns of a tracking file are only compared: none is read where two may be meant.
        let columns = resolve(
            Kind::Tracking,
            &["订单号", "物流公司", "运单号", "国家(中文)", "国家(英文)"],
        )
        .expect("resolved");
        assert_eq!(columns.at(Column::DestinationCountry), None);
    }

    #[test]
    fn unknown_columns_may_repeat() {
        assert!(
            resolve(
                Kind::Rates,
                &["date", "", "x", "currency", "x", "usd_per_unit", ""]
            )
            .is_ok()
        );
    }

    #[test]
    fn the_delimiter_is_the_one_that_names_the_columns() {
        for (line, delimiter) in [
            ("order_id,carrier,tracking_number\n1;2;3;4;5", b','),
            ("order_id;carrier;tracking_number\n1,2,3,4,5", b';'),
            ("order_id\tcarrier\ttracking_number", b'\t'),
            ("\n\n\"订单号\";\"物流方式\";\"运单号, 必填, 注意\"", b';'),
            ("a,b;c;d;e", b';'),
            (
                "发货表, 2024-06, 第一批, 全部\n\norder_id;carrier;tracking_number",
                b';',
            ),
            ("sep=\t\norder_id\tcarrier\ttracking_number\n1,2,3\tDHL\t4", b'\t'),
            ("x", b','),
        ] {
            assert_eq!(
                sniff_delimiter(Kind::Tracking, line.as_bytes()),
                delimiter,
                "{line:?}"
            );
        }
    }
}
