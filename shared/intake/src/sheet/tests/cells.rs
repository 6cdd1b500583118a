//! What cells show.

use super::maker::{Maker, refused, rows, sheet};
use crate::Limits;

/// The first row's cells of a sheet with these rows.
fn first(rows_xml: &str) -> Vec<String> {
    rows(&Maker::of_rows(rows_xml).build()).remove(0)
}

#[test]
fn every_type_of_cell_is_read_as_the_sheet_shows_it() {
    let file = Maker::of_rows(
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>in &amp; line</t></is></c>\
         <c r=\"C1\" t=\"str\"><f>A1</f><v>computed</v></c><c r=\"D1\"><v>12.5</v></c><c r=\"E1\" t=\"b\"><v>1</v></c>\
         <c r=\"F1\" t=\"e\"><v>#N/A</v></c><c r=\"G1\" t=\"d\"><v>2024-05-01T10:00:00</v></c>\
         <c r=\"H1\" t=\"n\"><v>8000011000000005</v></c></row>",
    )
    .shared("<si><t>shared</t></si>")
    .build();
    assert_eq!(
        rows(&file),
        [[
            "shared",
            "in & line",
            "computed=",
            "12.5#",
            "TRUE",
            "#N/A",
            "2024-05-01 10:00:00",
            "8000011000000005#"
        ]]
    );
}

#[test]
fn runs_are_joined_phonetic_guides_left_out_and_asked_for_space_kept() {
    let file = Maker::of_rows("<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c></row>")
        .shared(
            "<si><r><t>敦</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">豪 </t></r><rPh sb=\"0\" eb=\"1\"><t>トン</t></rPh></si>\
             <si><t> kept? </t></si><si><t xml:space=\"preserve\"> a_x000D_<![CDATA[<b>]]>&#x4E2D; </t></si>",
        )
        .build();
    assert_eq!(rows(&file), [["敦豪 ", "kept?", " a\r<b>中 "]]);
}

#[test]
fn a_formula_without_a_value_is_an_empty_cell_with_its_mark() {
    let cells = first("<row><c><f>1/0</f></c><c><f>1+1</f><v>2</v></c><c t=\"str\"><v>x</v></c></row>");
    assert_eq!(cells, ["=", "2=#", "x"]);
}

#[test]
fn dates_are_told_by_their_style() {
    let codes = [
        "14",
        "22",
        "yyyy\"年\"m\"月\"d\"日\"",
        "[Red]0.00\"d\"",
        "00000000000",
        "@",
        "31",
    ];
    let cells: String = [
        "45413",
        "45413.416666666664",
        "45413",
        "1.5",
        "12345",
        "12345",
        "45413",
    ]
    .iter()
    .enumerate()
    .map(|(index, value)| format!("<c s=\"{}\"><v>{value}</v></c>", index + 1))
    .collect();
    let mut maker = Maker::of_rows(&format!("<row>{cells}<c s=\"1\"><v>-1</v></c></row>")).formats(&codes);
    let expected = [
        "2024-05-01",
        "2024-05-01 10:00:00",
        "2024-05-01",
        "1.5#",
        "00000012345#",
        "12345#",
        "2024-05-01",
        "-1#",
    ];
    assert_eq!(rows(&maker.build()), [expected]);
    maker.workbook_properties = "<workbookPr date1904=\"1\"/>".into();
    assert_eq!(rows(&maker.build())[0][0], "2028-05-02");
}

#[test]
fn cells_without_references_follow_one_another_and_gaps_are_empty() {
    assert_eq!(
        first("<row><c><v>1</v></c><c r=\"D1\"><v>4</v></c><c><v>5</v></c><c r=\"Z1\"/></row>"),
        ["1#", "", "", "4#", "5#"]
    );
}

#[test]
fn cells_and_rows_out_of_order_are_damage() {
    for xml in [
        "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"2\"><c><v>1</v></c></row><row r=\"2\"><c><v>1</v></c></row>",
        "<row r=\"2\"><c><v>1</v></c></row><row r=\"1\"><c><v>1</v></c></row>",
        "<row r=\"0\"><c><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>",
        "<row r=\"1\"><c t=\"s\"><v>7</v></c></row>",
        "<row r=\"1\"><c t=\"weird\"><v>7</v></c></row>",
        "<row><row/></row>",
    ] {
        let (code, detail) = refused(&Maker::of_rows(xml).build(), &Limits::default());
        assert_eq!(code, "FILE_DAMAGED", "{xml}");
        assert!(detail.contains(" | "), "{detail} in both languages");
    }
}

#[test]
fn a_far_cell_counts_only_when_it_holds_something() {
    let far = |content: &str| {
        Maker::of_rows(&format!(
            "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"0\">{content}</c></row>"
        ))
        .build()
    };
    assert_eq!(rows(&far("")), [["1#"]]);
    assert_eq!(refused(&far("<v>2</v>"), &Limits::default()).0, "COLUMN_LIMIT");
}

#[test]
fn a_merged_id_stands_in_every_row_of_its_range() {
    let xml = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>order_id</v></c><c r=\"B1\" t=\"str\"><v>n</v></c></row>\
        <row r=\"2\"><c r=\"A2\"><v>8000011000000005</v></c><c r=\"B2\"><v>1</v></c></row>\
        <row r=\"3\"><c r=\"A3\"/><c r=\"B3\"><v>2</v></c></row>\
        <row r=\"4\"><c r=\"B4\"><v>3</v></c><c r=\"C4\" t=\"str\"><v>wide</v></c><c r=\"D4\" t=\"str\"><v>under</v></c></row>\
        <row r=\"5\"><c r=\"A5\"/></row><row r=\"6\"><c r=\"B6\"><v>5</v></c></row>";
    let behind = "<mergeCells count=\"2\"><mergeCell ref=\"A2:A5\"/><mergeCell ref=\"C4:D4\"/></mergeCells>";
    let (read, about) =
        super::maker::read(&Maker::of_sheet(&sheet(xml, behind)).build(), &Limits::default()).expect("sound");
    let id = "8000011000000005#";
    assert_eq!(
        read,
        [
            vec!["order_id", "n"],
            vec![id, "1#"],
            vec![id, "2#"],
            vec![id, "3#", "wide"],
            vec!["", "5#"]
        ]
    );
    assert_eq!(about.merged_ranges, 2);
}

#[test]
fn a_merge_across_a_buffers_end_is_found() {
    for padding in 65_300..65_420 {
        let comment = "x".repeat(padding);
        let xml = format!(
            "<row r=\"1\"><c r=\"A1\"><v>7</v></c></row><row r=\"2\"><c r=\"B2\"><v>1</v></c></row><!--{comment}-->"
        );
        let part = sheet(&xml, "<mergeCells><mergeCell ref=\"A1:A2\"/></mergeCells>");
        assert_eq!(
            rows(&Maker::of_sheet(&part).build())[1],
            ["7#", "1#"],
            "{padding}"
        );
    }
}

#[test]
fn cells_read_off_the_buffer_are_those_that_the_reader_reads() {
    let cells: String = (0..2000)
        .map(|index| match index % 5 {
            0 => "<c t=\"s\"><v>0</v></c>".to_owned(),
            1 => format!("<c s=\"1\"><v>{}.25</v></c>", 45_000 + index),
            2 => "<c/>".to_owned(),
            3 => format!("<c t=\"str\"><v>x{index}</v></c>"),
            _ => format!("<c><f>1</f><v>{index}</v></c>"),
        })
        .collect();
    let plain: String = (0..30).map(|_| format!("<row>{cells}</row><row/>")).collect();
    let read = |xml: &str| {
        let file = Maker::of_rows(xml)
            .shared("<si><t>敦豪</t></si>")
            .formats(&["22"])
            .build();
        let limits = Limits {
            columns_max: 2000,
            ..Limits::default()
        };
        super::maker::read(&file, &limits).expect("sound").0
    };
    assert_eq!(
        read(&plain),
        read(&plain.replace("<c", "<c ").replace("<v>", "<v >"))
    );
}
