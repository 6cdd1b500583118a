//! Rows of `appeals` files (B5).
//!
//! Only an operator's file decides an appeal. A seller's own file files one: it is pending, and filed when the file came.

use domain::code::Cause;
use domain::facts::AppealFact;
use domain::{AppealStatus, AppealedClause, RowCode, Timestamp};

use crate::Column;
use crate::check::{Reading, Trust};
use crate::times::Favours;

/// Characters of an appeal's number, at most: it becomes part of a key.
const APPEAL_ID_CHARACTERS_MAX: usize = 64;

const STATUSES: &[(AppealStatus, &[&str])] = &[
    (
        AppealStatus::Pending,
        &[
            "pending",
            "处理中",
            "审核中",
            "待处理",
            "待审核",
            "申诉中",
            "已提交",
            "受理中",
            "in review",
            "under review",
            "processing",
        ],
    ),
    (
        AppealStatus::Accepted,
        &[
            "accepted",
            "通过",
            "成立",
            "申诉成功",
            "已通过",
            "申诉通过",
            "审核通过",
            "审批通过",
            "申诉成立",
            "approved",
        ],
    ),
    (
        AppealStatus::Rejected,
        &[
            "rejected",
            "驳回",
            "已驳回",
            "不通过",
            "未通过",
            "不成立",
            "申诉失败",
            "审核不通过",
            "审核未通过",
            "审核驳回",
            "申诉驳回",
            "申诉不成立",
            "申诉不通过",
            "申诉未通过",
            "denied",
        ],
    ),
    (
        AppealStatus::Withdrawn,
        &[
            "withdrawn",
            "撤回",
            "已撤回",
            "撤销",
            "已撤销",
            "申诉撤回",
            "申诉撤销",
            "cancelled",
            "canceled",
        ],
    ),
    (
        AppealStatus::Expired,
        &["expired", "过期", "已过期", "失效", "已失效"],
    ),
];

/// What the clauses are called where their numbers are not written.
const CLAUSES: &[(AppealedClause, &[&str])] = &[
    (
        AppealedClause::A6,
        &[
            "A6",
            "上传失败",
            "单号上传失败",
            "上传失败罚金",
            "单号上传失败罚金",
            "upload fine",
        ],
    ),
    (
        AppealedClause::B3,
        &[
            "B3",
            "断更",
            "轨迹断更",
            "断更罚金",
            "轨迹断更罚金",
            "silence",
            "stall",
        ],
    ),
    (
        AppealedClause::B4,
        &[
            "B4",
            "签收超时",
            "签收超时罚金",
            "超时未签收",
            "未签收",
            "sign-off",
            "signoff",
        ],
    ),
];

pub(crate) fn read(row: &mut Reading<'_>) -> Option<AppealFact> {
    let appeal_id = appeal_id(row);
    let order_id = row.order_id();
    let clause = clause(row);
    let episode_start = row.past_time(Column::EpisodeStart, Favours::Earlier);
    row.required(Column::Reason);
    let (status, filed_at, decided_at) = match row.context.trust {
        Trust::Operator => stated(row),
        Trust::Seller(_) => filed_now(row),
    };
    if row.has_errors() {
        return None;
    }
    Some(AppealFact {
        appeal_id: appeal_id?,
        order_id: order_id?,
        clause: clause?,
        episode_start,
        status: status?,
        filed_at: filed_at?,
        decided_at,
        recorded_at: row.context.recorded_at,
        source: row.source(),
    })
}

fn appeal_id(row: &mut Reading<'_>) -> Option<String> {
    let text = row.required(Column::AppealId)?;
    let fits = text.chars().count() <= APPEAL_ID_CHARACTERS_MAX && !text.contains(char::is_control);
    if !fits {
        let max = APPEAL_ID_CHARACTERS_MAX;
        row.find_with(
            RowCode::TypeInvalid,
            Column::AppealId,
            format!("at most {max} characters | 最多 {max} 个字符"),
        );
    }
    fits.then(|| text.into_owned())
}

fn clause(row: &mut Reading<'_>) -> Option<AppealedClause> {
    let Some(text) = row.given(Column::Clause) else {
        return Some(AppealedClause::B4);
    };
    let clause = row.one_of(&text, CLAUSES).or_else(|| clause_among(row, &text));
    if clause.is_none() {
        row.find_with(
            RowCode::TypeInvalid,
            Column::Clause,
            "A6, B3 or B4 | A6、B3 或 B4",
        );
    }
    clause
}

/// The clause whose number stands in a cell next to other words: `B4 签收超时`. `None` for several.
fn clause_among(row: &Reading<'_>, text: &str) -> Option<AppealedClause> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut clauses = words.filter_map(|word| row.one_of(word, CLAUSES));
    let clause = clauses.next()?;
    clauses.all(|other| other == clause).then_some(clause)
}

type Stated = (Option<AppealStatus>, Option<Timestamp>, Option<Timestamp>);

/// Status, filing and decision as an operator's row states them.
fn stated(row: &mut Reading<'_>) -> Stated {
    let status = row.required(Column::Status).and_then(|text| status(row, &text));
    let filed_at = row.required_past_time(Column::FiledAt, Favours::Earlier);
    // What it frees of fines goes by the instant of the decision.
    let decided_at = if status == Some(AppealStatus::Accepted) {
        row.required_past_time(Column::DecidedAt, Favours::Earlier)
    } else {
        row.past_time(Column::DecidedAt, Favours::Earlier)
    };
    if let (Some(filed_at), Some(decided_at)) = (filed_at, decided_at)
        && decided_at < filed_at
    {
        let (code, cause) = (RowCode::TimeInvalid, Cause::DecidedFirst);
        row.find_because(code, Column::DecidedAt, cause, filed_at.to_string());
    }
    (status, filed_at, decided_at)
}

/// Status, filing and decision of a seller's own row: what it states of them is ignored, with a warning where it says
/// something else.
fn filed_now(row: &mut Reading<'_>) -> Stated {
    if row
        .given(Column::Status)
        .is_some_and(|text| row.one_of(&text, STATUSES) != Some(AppealStatus::Pending))
    {
        row.find(RowCode::StatementIgnored, Column::Status);
    }
    for column in [Column::FiledAt, Column::DecidedAt] {
        if row.given(column).is_some() {
            row.find(RowCode::StatementIgnored, column);
        }
    }
    (Some(AppealStatus::Pending), Some(row.context.recorded_at), None)
}

fn status(row: &mut Reading<'_>, text: &str) -> Option<AppealStatus> {
    let status = row.one_of(text, STATUSES);
    if status.is_none() {
        row.find_with(RowCode::TypeInvalid, Column::Status, "pending, accepted, rejected, withdrawn or expired | pending、accepted、rejected、withdrawn 或 expired");
    }
    status
}
