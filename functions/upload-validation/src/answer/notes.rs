//! Notes on an answer as a whole: short sentences for the clerk, English and Chinese side by side.

use domain::code::NoteCode;
use domain::{Cents, RowCode, Timestamp, Zone};
use intake::{About, Assumed, Kind, NoRoom, Remark, SHEET_ROWS_MAX, Written};
use lake::Note;

/// Characters of a stated time that a note quotes, at most.
const STATED_CHARACTERS_MAX: usize = 40;

fn note(code: Option<RowCode>, english: impl Into<String>, chinese: impl Into<String>) -> Note {
    Note {
        code: code.map(|code| code.to_string()),
        message_en: english.into(),
        message_zh: chinese.into(),
    }
}

/// The same prefix sent the same bytes before: their first instant counts.
pub(crate) fn of_bytes_sent_before(first: Timestamp) -> Note {
    let (pacific, beijing) = (
        first.display_in(Zone::America__Los_Angeles),
        first.display_in(Zone::Asia__Shanghai),
    );
    note(
        None,
        format!(
            "This file was sent before, at {beijing} ({pacific}). Its rows keep that time, so they undo nothing sent since."
        ),
        format!("此文件已于 {beijing}（{pacific}）上传过，各行仍按该时间计，不会撤销此后上传的内容。"),
    )
}

/// What kind of file it was taken for.
pub(crate) fn of_kind(kind: Kind) -> Note {
    note(
        None,
        format!("Read as a file of the kind {kind}, by its header."),
        format!("按表头判断为{}文件（{kind}）。", kind.in_chinese()),
    )
}

/// How many rows of a file each of its notes is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remarks {
    headers: u64,
    hints: u64,
    unpaid: u64,
    undecided: u64,
}

impl Remarks {
    pub(super) fn count(&mut self, remark: Remark) {
        *match remark {
            Remark::HeaderAgain => &mut self.headers,
            Remark::Hint => &mut self.hints,
            Remark::Unpaid => &mut self.unpaid,
            Remark::StatusUndecided => &mut self.undecided,
        } += 1;
    }

    pub(super) fn notes(self) -> Vec<Note> {
        let about = |count: u64, english: &str, chinese: &str| {
            (count > 0).then(|| {
                let count = count.to_string();
                note(None, english.replace("{}", &count), chinese.replace("{}", &count))
            })
        };
        let notes = [
            about(
                self.headers,
                "Rows that are a header once more were skipped: {}.",
                "重复的表头行已跳过：{} 行。",
            ),
            about(
                self.hints,
                "Rows with a template's hints or its example were skipped: {}.",
                "模板中的填写说明行和示例行已跳过：{} 行。",
            ),
            about(
                self.unpaid,
                "Orders that nobody has paid yet were skipped: {}. Upload them once they are paid.",
                "尚未付款的订单已跳过：{} 行。付款后再上传即可。",
            ),
            about(
                self.undecided,
                "Rows whose status says that the order is over, but not how: {}. Those orders stay as they were; write cancelled or refunded where one is.",
                "状态只说明订单已结束、未说明结果的行：{} 行，订单状态保持不变；如已取消或已全额退款，请填写 cancelled 或 refunded。",
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// Cells that hold a word for nothing were read as empty.
pub(super) fn of_placeholders(rows: u64) -> Note {
    note(
        None,
        format!(
            "Cells that say that there is nothing (无, N/A, -) were read as empty. Rows with such cells: {rows}."
        ),
        format!("填有“无”“N/A”“-”等占位词的单元格按空白处理：共 {rows} 行。"),
    )
}

/// Times without a zone were read in one that nobody stated.
pub(crate) fn of_assumed_zone(assumed: &Assumed) -> Note {
    let (count, [there, beijing]) = (assumed.count, &assumed.example);
    let (name_en, name_zh) = (assumed.zone.name_en(), assumed.zone.name_zh());
    Note {
        code: Some(NoteCode::ZoneAssumed.as_str().to_owned()),
        message_en: format!(
            "Times without a time zone: {count}. They were read as {name_en}, like {there}, which is {beijing} in Beijing. If that is wrong, state the zone (`--zone Beijing`, `(Beijing time)` behind the time column's header, or a column `zone`) and upload the file again."
        ),
        message_zh: format!(
            "有 {count} 个时间没有注明时区，已按{name_zh}读取，例如 {there} 即北京时间 {beijing}。如果不对，请注明时区后重新上传：加 --zone 北京时间，或在时间列的表头后注明“（北京时间）”，或增加“时区”列。"
        ),
    }
}

/// What was stated of the recording cannot be: it is no instant, or later than the object itself.
pub(crate) fn of_recording_ignored(stated: &str, written_at: Timestamp) -> Note {
    let stated: String = stated.chars().take(STATED_CHARACTERS_MAX).collect();
    note(
        Some(RowCode::TimeInFuture),
        format!(
            "The stated recording time \"{stated}\" is no instant or lies in the future; the upload's own time {written_at} counts."
        ),
        format!("所注明的记录时间“{stated}”不是有效时刻或晚于当前时间，已按上传时间 {written_at} 处理。"),
    )
}

/// What was passed over in a file, or read otherwise than it looks.
pub(super) fn of_file(about: &About) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut add = |count: u64, english: &str, chinese: &str| {
        if count > 0 {
            notes.push(note(
                None,
                english.replace("{}", &count.to_string()),
                chinese.replace("{}", &count.to_string()),
            ));
        }
    };
    add(
        about.title_rows,
        "Rows above the header were not read: {}.",
        "表头上方的行未读取：{} 行。",
    );
    add(
        about.totals_rows,
        "Totals and remarks at the end were not counted as rows: {}.",
        "末尾的合计行和备注行未计入：{} 行。",
    );
    add(
        about.hidden_rows,
        "Hidden rows were read like all others: {}.",
        "隐藏的行也已读取：{} 行。",
    );
    add(
        about.merged_ranges,
        "Merged cells: {}; a value merged over rows was read in each of them.",
        "合并单元格：{} 处，跨行合并的值已按每一行读取。",
    );
    add(
        about.formula_cells,
        "Cells with a formula: {}; the value last computed was read.",
        "含公式的单元格：{} 个，按最后一次计算的值读取。",
    );
    add(
        about.other_sheets.len() as u64,
        "Other sheets were not read: {}.",
        "其他工作表未读取：{} 个。",
    );
    notes
}

/// What a dry run could not check of a file of that kind.
pub(crate) fn of_dry_run(kind: Kind, has_orders: bool) -> Vec<Note> {
    let orders = || {
        note(
            Some(RowCode::OrderUnknown),
            "Checked without the orders: unknown orders, other sellers' orders and contradictions to them are not found. Give --orders FILE to check them too.",
            "未提供订单文件：未检查订单是否存在、是否属于其他店铺、是否与订单矛盾。可用 --orders FILE 一并检查。",
        )
    };
    match kind {
        Kind::Tracking if has_orders => vec![note(
            Some(RowCode::NumUsedElsewhere),
            "Numbers of earlier uploads are not known here; only those of this file are compared.",
            "未与以前上传的运单号比对，只比对本文件内的运单号。",
        )],
        Kind::Tracking => vec![
            orders(),
            note(
                Some(RowCode::UploadLate),
                "Late uploads, papers and destinations are checked by the order columns of the file, where they are filled in.",
                "上传时效、清关资料和目的国按文件中填写的订单列检查；未填写的不检查。",
            ),
        ],
        Kind::Events => vec![note(
            Some(RowCode::NumUnknown),
            "Whether the tracking numbers are known was not checked.",
            "未检查运单号是否已上传。",
        )],
        Kind::Appeals if !has_orders => vec![orders()],
        Kind::Orders => vec![note(
            Some(RowCode::RateMissing),
            "Whether there are exchange rates for the payment days was not checked.",
            "未检查付款日是否有汇率。",
        )],
        Kind::Appeals | Kind::Rates | Kind::Sellers | Kind::Statement => Vec::new(),
    }
}

/// What the refused rows would cost (A6), were the file uploaded as it is.
pub(crate) fn of_cost(rows: u64, fine: Cents) -> Option<Note> {
    let most = Cents(fine.0.saturating_mul(i64::try_from(rows).unwrap_or(i64::MAX)));
    (rows > 0).then(|| {
        note(
            None,
            format!(
                "Uploaded as it is, the file would cost up to {most} USD (A6): rows with an error that is fined: {rows}, {fine} USD once for each known order."
            ),
            format!("如果原样上传，最多会被扣罚 {most} 美元（A6）：有 {rows} 行存在会被罚款的错误，系统已有的订单每单扣罚一次 {fine} 美元。"),
        )
    })
}

/// Rows of the orders file that could not be used.
pub(crate) fn of_unusable_orders(rows: u64) -> Option<Note> {
    (rows > 0).then(|| {
        note(
            None,
            format!("Rows of the orders file that could not be used: {rows}."),
            format!("订单文件中无法使用的行：{rows} 行。"),
        )
    })
}

/// There is a header, and nothing below it.
pub(super) fn of_no_rows() -> Note {
    note(
        None,
        "There are no rows below the header. If the table has some, check that the right sheet or file was saved.",
        "表头下面没有数据行。如果原表有数据，请确认保存的是正确的工作表或文件。",
    )
}

/// There is no `repaired.xlsx`.
pub(super) fn of_no_repaired(no_room: NoRoom) -> Note {
    match no_room {
        NoRoom::Rows => note(
            None,
            format!(
                "There is no repaired.xlsx: a sheet has no room for more than {SHEET_ROWS_MAX} rows. Correct rejected.csv and upload it."
            ),
            format!("没有 repaired.xlsx：一张工作表最多放 {SHEET_ROWS_MAX} 行。请修改 rejected.csv 后重新上传。"),
        ),
        NoRoom::Bytes => of_answer_limit(
            "There is no repaired.xlsx: it would be too large. Correct rejected.csv and upload it, or split the file.".to_owned(),
            "没有 repaired.xlsx：文件会过大。请修改 rejected.csv 后重新上传，或把文件拆分后上传。".to_owned(),
        ),
    }
}

/// `rejected.csv` has no room for all refused rows.
pub(super) fn of_rows_left_out(written: Written) -> Option<Note> {
    let Written { rows, left_out, .. } = written;
    (left_out > 0).then(|| {
        of_answer_limit(
            format!(
                "rejected.csv holds the first {rows} refused rows; it has no room for {left_out} more, which are counted all the same. Correct what they have in common and upload the file again, or split it."
            ),
            format!(
                "rejected.csv 只收录前 {rows} 条被拒绝的行，另有 {left_out} 条放不下（统计数已包含）。请先修正共同的问题再重新上传，或把文件拆分后上传。"
            ),
        )
    })
}

fn of_answer_limit(message_en: String, message_zh: String) -> Note {
    Note {
        code: Some(NoteCode::AnswerLimit.as_str().to_owned()),
        message_en,
        message_zh,
    }
}
