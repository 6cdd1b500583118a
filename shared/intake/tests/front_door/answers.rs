//! `rejected.csv`: rows as they came, safe in a spreadsheet, fit to be mended and sent again.

use domain::code::{Finding, RowCode};
use intake::cell::{Use, clean};
use intake::rejected::{ANSWER_COLUMNS, protected};
use intake::{Kind, Limits, RawRow, RejectedWriter, check, open};
use proptest::prelude::*;

use crate::{checked, codes, operator, rows_of};

fn rejected(header: &[&str], rows: &[(RawRow, Vec<Finding>)]) -> String {
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let mut writer = RejectedWriter::new(Vec::new(), &header, u64::MAX);
    for (row, findings) in rows {
        writer.write(row, findings).expect("memory can be written to");
    }
    let (bytes, written) = writer.finish().expect("memory can be written to");
    assert_eq!(
        (written.bytes, written.rows),
        (bytes.len() as u64, rows.len() as u64)
    );
    String::from_utf8(bytes).expect("UTF-8")
}

fn missing(column: &str) -> Finding {
    Finding::new(RowCode::CellMissing, column, "")
}

#[test]
fn the_rows_cells_stand_as_they_came_before_the_answer() {
    let row = RawRow::of(7, ["'8000011000000005", "", "a, \"b\""]);
    let findings = vec![
        missing("carrier"),
        Finding::new(RowCode::NumEmpty, "tracking_number", ""),
    ];
    let text = rejected(&["order_id", "carrier", "note"], &[(row, findings)]);
    let (header, line) = text.split_once("\r\n").expect("two lines");
    assert_eq!(
        header,
        "\u{feff}order_id,carrier,note,row,code,clause,message_zh,message_en,fix"
    );
    assert!(
        line.starts_with("'8000011000000005,,\"a, \"\"b\"\"\",7,CELL_MISSING | NUM_EMPTY, | A2,"),
        "{line}"
    );
    assert!(line.ends_with("\r\n"));
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_held() {
    for cell in [
        "=1+1",
        "+cmd",
        "-1+1",
        "@SUM(A1)",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u{a0}=1",
        "\u{200b}=1",
        "=\"123\"",
        "-",
        "+1.2.x",
    ] {
        assert_eq!(protected(cell), format!("'{cell}"), "{cell:?}");
    }
    for cell in [
        "",
        "-12.50",
        "+7",
        "-1,257.69",
        "8000011000000005",
        "'=1",
        "a=1",
        "订单",
        "2024-02-22",
        "a;b",
        "a,=1",
    ] {
        assert_eq!(protected(cell), cell, "{cell:?}");
    }
}

#[test]
fn what_would_be_a_formula_where_a_spreadsheet_splits_the_cell_is_held() {
    for (cell, safe) in [
        ("a;=cmd", "a;\u{200b}=cmd"),
        ("a; \"@x", "a; \"\u{200b}@x"),
        ("a\n=1\t+2", "a\n\u{200b}=1\t\u{200b}+2"),
        ("\t=1", "'\t\u{200b}=1"),
        ("\r=1", "'\r\u{200b}=1"),
        ("=1;=2", "'=1;\u{200b}=2"),
    ] {
        assert_eq!(protected(cell), safe, "{cell:?}");
        assert_eq!(protected(safe), safe, "held once: {cell:?}");
    }
}

#[test]
fn cells_beyond_the_header_stand_behind_everything_else() {
    let text = rejected(
        &["a", "b"],
        &[
            (RawRow::of(1, ["1", "2", "3", "4"]), vec![]),
            (RawRow::of(2, ["1"]), vec![]),
        ],
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "1,2,1,,,,,,3,4");
    assert_eq!(lines[2], "1,,2,,,,,");
}

#[test]
fn a_mended_answer_file_is_read_like_the_upload_it_answers() {
    let header = ["appeal_id", "order_id", "reason", "status", "filed_at"];
    let row = RawRow::of(
        3,
        [
            "A1",
            "8000011000000180",
            "=carrier_delay",
            "pending",
            "2024-05-01T00:00:00Z",
        ],
    );
    let text = rejected(&header, &[(row, vec![missing("reason")])]);
    let mended = checked(&text, Kind::Appeals, &operator());
    assert_eq!(
        codes(&mended[0]),
        [""; 0],
        "its `clause` column is the answer's, not the appeal's"
    );
}

#[test]
fn an_answer_to_an_answer_has_the_answer_columns_once() {
    let mut header = vec!["a", "b"];
    header.extend(ANSWER_COLUMNS);
    let row = RawRow::of(1, ["1", "2", "9", "NUM_EMPTY", "A2", "旧", "old", "fix"]);
    let text = rejected(&header, &[(row, vec![missing("a")])]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\u{feff}a,b,row,code,clause,message_zh,message_en,fix");
    assert!(lines[1].starts_with("1,2,1,CELL_MISSING,,"), "{}", lines[1]);
}

#[test]
fn an_answer_to_a_semicolon_file_is_a_comma_file() {
    let text = "date;currency;usd_per_unit\n2024-02-22;BRL;x\n";
    let mut upload =
        open(std::io::Cursor::new(&text), Kind::Rates, Limits::default()).expect("a readable header");
    let (header, columns) = (upload.header().to_vec(), upload.columns().clone());
    let row = upload.next().expect("a row").expect("readable");
    let findings = check(&row, &columns, &operator()).findings;
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    assert!(rejected(&header, &[(row, findings)]).contains("2024-02-22,BRL,x,1,AMOUNT_INVALID,"));
}

proptest! {
    #[test]
    fn cells_come_back_from_the_answer_file_with_the_value_they_had(
        cells in proptest::collection::vec("[-+=@'\"\t\r\n ,;0-9A\u{a0}\u{200b}\u{ff1d}\u{ff07}订]{0,10}", 3),
    ) {
        let header = ["date", "currency", "usd_per_unit"];
        let row = RawRow::of(1, cells.iter().map(String::as_str));
        let text = rejected(&header, &[(row, vec![missing("date")])]);
        let rows = rows_of(text.as_bytes(), Kind::Rates, Limits::default()).expect("readable");
        prop_assert_eq!(rows.len(), 1);
        for (index, cell) in cells.iter().enumerate() {
            let back = rows[0].cell(index);
            let seen = |text: &str| text.replace('\u{200b}', "");
            let (shown, came) = (seen(back), seen(cell));
            prop_assert!(shown == came || shown.strip_prefix('\'') == Some(&came), "{:?} {:?}", back, cell);
            for purpose in [Use::Text, Use::Number] {
                prop_assert_eq!(clean(back, purpose).0, clean(cell, purpose).0);
            }
        }
    }
}
