//! Rows of `statement` files: the platform's bill.

use domain::code::Finding;
use domain::personal::without_personal_data;
use domain::{Money, RowCode, StatementLine};

use crate::Column;
use crate::check::{Reading, Trust};
use crate::times::Favours;

/// Characters of a statement's number, at most: it becomes part of a key.
const STATEMENT_ID_CHARACTERS_MAX: usize = 64;
/// Characters of a charge's name, at most.
const KIND_CHARACTERS_MAX: usize = 100;
/// Characters of a description that are kept, at most.
const DESCRIPTION_CHARACTERS_MAX: usize = 500;

pub(crate) fn read(row: &mut Reading<'_>) -> Option<StatementLine> {
    let statement_id = statement_id(row);
    let line_no = line_no(row);
    let order_id = row
        .given(Column::OrderId)
        .is_some()
        .then(|| row.order_id())
        .flatten();
    let kind = kind(row);
    let amount = amount(row);
    let charged_at = row.required_past_time(Column::ChargedAt, Favours::Earlier);
    let description = description(row);
    if row.has_errors() {
        return None;
    }
    Some(StatementLine {
        seller_id: match &row.context.trust {
            Trust::Operator => None,
            Trust::Seller(own) => Some(own.clone()),
        },
        statement_id: statement_id?,
        line_no: line_no?,
        order_id,
        kind,
        amount: amount?,
        charged_at: charged_at?,
        description,
        recorded_at: row.context.recorded_at,
        source: row.source(),
    })
}

fn statement_id(row: &mut Reading<'_>) -> Option<String> {
    let text = row.required(Column::StatementId)?;
    let fits = text.len() <= STATEMENT_ID_CHARACTERS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !fits {
        let max = STATEMENT_ID_CHARACTERS_MAX;
        let detail = format!("at most {max} letters and digits, without # | 最多 {max} 个字母或数字，不含 #");
        row.find_with(RowCode::TypeInvalid, Column::StatementId, detail);
        return None;
    }
    Some(text.into_owned())
}

fn line_no(row: &mut Reading<'_>) -> Option<u32> {
    let text = row.required(Column::LineNo)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let line_no = text.parse().ok().filter(|_| is_plain);
    if line_no.is_none() {
        row.find_with(RowCode::TypeInvalid, Column::LineNo, "a whole number | 整数行号");
    }
    line_no
}

fn kind(row: &mut Reading<'_>) -> Option<String> {
    let text = row.given(Column::Kind)?;
    if text.chars().count() > KIND_CHARACTERS_MAX {
        let max = KIND_CHARACTERS_MAX;
        row.find_with(
            RowCode::TypeInvalid,
            Column::Kind,
            format!("at most {max} characters | 最多 {max} 个字符"),
        );
    }
    // Some bills write the charge's own words here.
    Some(without_personal_data(&text).into_owned())
}

/// What was charged: negative when it was given back.
fn amount(row: &mut Reading<'_>) -> Option<Money> {
    let text = row.required(Column::Amount);
    let currency = row.currency();
    row.signed_amount_of(&text?, currency?)
}

/// The bill's own words, without names and telephone numbers; a finding about them quotes none of them.
fn description(row: &mut Reading<'_>) -> Option<String> {
    let text = row.given(Column::Description)?;
    if text.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        let max = DESCRIPTION_CHARACTERS_MAX;
        let finding = Finding::new(RowCode::TypeInvalid, Column::Description.as_str(), "");
        row.findings
            .push(finding.with_detail(format!("at most {max} characters | 最多 {max} 个字符")));
    }
    Some(without_personal_data(&text).into_owned())
}
