//! The sheet of what a revision changes against the one before it: a row a seller and column that differs.

use super::columns::{Column, Form, column};
use crate::Changes;
use crate::changes::{Both, ChangedCell};

/// Rows of the sheet, at most: a spreadsheet's rows less the header, and one for what was left out.
const ROWS_MAX: usize = 1_048_574;

/// The seller, what changed of it, and why.
pub(super) type Changed = (String, ChangedCell, String);

pub(super) fn changed(changes: &Changes) -> Vec<Changed> {
    let sellers = changes.by_weight().into_iter();
    let rows = sellers.flat_map(|seller| {
        let why = both(&changes.why(seller));
        let cells = seller.cells().into_iter();
        cells.map(move |cell| (seller.seller_id.to_string(), cell, why.clone()))
    });
    rows.take(ROWS_MAX).collect()
}

fn both((en, zh): &Both) -> String {
    if en == zh {
        en.clone()
    } else {
        format!("{zh} / {en}")
    }
}

pub(super) fn change_columns() -> [Column<Changed>; 5] {
    [
        column(
            ("seller", "店铺"),
            ("the seller's id", "店铺编号"),
            Form::Text,
            18,
            |(seller, ..)| Some(seller.clone()),
        ),
        column(
            ("what changed", "变化项"),
            (
                "the figure that differs from the revision before",
                "与上一修订不同的数据项",
            ),
            Form::Text,
            28,
            |(_, cell, _)| Some(both(&cell.name)),
        ),
        column(
            ("before", "变化前"),
            (
                "in the revision before; – where it had none",
                "上一修订；– 表示无",
            ),
            Form::Text,
            24,
            |(_, cell, _)| Some(both(&cell.before)),
        ),
        column(
            ("after", "变化后"),
            ("in this revision; – where it has none", "本修订；– 表示无"),
            Form::Text,
            24,
            |(_, cell, _)| Some(both(&cell.after)),
        ),
        column(
            ("why it changed", "变化原因"),
            (
                "what was recorded of the seller between the two instants; all ids in changes.json",
                "两个时点之间获知的该店铺信息；编号详见 changes.json",
            ),
            Form::Text,
            90,
            |(.., why)| Some(why.clone()),
        ),
    ]
}
