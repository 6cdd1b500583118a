//! What every parser must hold for any bytes. The fuzz targets run it, and a test replays the corpus through it.

use std::io::{Cursor, Write};
use std::sync::Arc;

use domain::carrier::CarrierTable;
use domain::event_code::EventTables;
use domain::time::{StatedZone, WrittenTime, parse_day, year_first_readings};
use domain::{
    Currency, Elapsed, Money, OrderId, PolicyBook, Rate, SellerId, Timestamp, TrackingNumber, country,
};
use intake::cell::{Use, clean};
use intake::rejected::protected;
use intake::{Context, FileZone, Kind, Limits, RawRow, Trust, UploadError, check, open};

/// Holds a parser to its promises for some bytes.
pub type Hold = fn(&[u8]);

/// The parsers by the name of their corpus.
pub const PARSERS: [(&str, Hold); 7] = [
    ("delimited", delimited),
    ("encoding", encoding),
    ("compressed", compressed),
    ("json_lines", json_lines),
    ("workbook", workbook),
    ("sheet", sheet),
    ("cells", cells),
];

/// Small enough that every limit is met.
fn limits() -> Limits {
    Limits {
        file_bytes_max: 1 << 20,
        text_bytes_max: 1 << 20,
        rows_max: 1_000,
        columns_max: 40,
        cell_characters_max: 1_000,
        ..Limits::default()
    }
}

/// A delimited text; its first byte picks the kind.
pub fn delimited(bytes: &[u8]) {
    if let Some((kind, text)) = kind_of(bytes) {
        upload(kind, text);
    }
}

/// A text behind a header in some encoding; its second byte picks the encoding.
pub fn encoding(bytes: &[u8]) {
    let Some((kind, [encoding, text @ ..])) = kind_of(bytes) else {
        return;
    };
    let header: Vec<&str> = kind.columns().iter().map(|(column, _)| column.as_str()).collect();
    let header = format!("{}\n", header.join(","));
    let mut file = Vec::new();
    match encoding % 4 {
        0 => file.extend(header.bytes()),
        1 => file.extend([0xef, 0xbb, 0xbf].into_iter().chain(header.bytes())),
        2 => file.extend(
            [0xff, 0xfe]
                .into_iter()
                .chain(header.bytes().flat_map(|byte| [byte, 0])),
        ),
        _ => file.extend(
            [0xfe, 0xff]
                .into_iter()
                .chain(header.bytes().flat_map(|byte| [0, byte])),
        ),
    }
    file.extend(text);
    upload(kind, &file);
}

/// What follows the leading bytes of gzip or zstd.
pub fn compressed(bytes: &[u8]) {
    let Some((kind, [which, body @ ..])) = kind_of(bytes) else {
        return;
    };
    let magic: &[u8] = match which % 3 {
        0 => b"\x1f\x8b\x08\x00",
        1 => b"\x28\xb5\x2f\xfd",
        _ => b"",
    };
    upload(kind, &[magic, body].concat());
}

/// Objects, one a line.
pub fn json_lines(bytes: &[u8]) {
    if let Some((kind, text)) = kind_of(bytes) {
        upload(kind, &[b"{", text].concat());
    }
}

/// The bytes of a zip, or of what says it is one.
pub fn workbook(bytes: &[u8]) {
    if let Some((kind, body)) = kind_of(bytes) {
        upload(kind, &[b"PK\x03\x04", body].concat());
        upload(kind, body);
    }
}

/// The parts of a workbook, whole and zipped: the sheet, the shared strings, the styles and the workbook, separated by
/// NUL bytes.
pub fn sheet(bytes: &[u8]) {
    let Some((kind, body)) = kind_of(bytes) else {
        return;
    };
    let mut parts = body.splitn(4, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (cells, strings, styles, book) = (part(), part(), part(), part());
    let book = if book.is_empty() {
        WORKBOOK.as_bytes()
    } else {
        book
    };
    if let Some(file) = zipped(&[
        ("xl/worksheets/sheet1.xml", cells),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
    ]) {
        upload(kind, &file);
    }
}

const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships>
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>
<Relationship Id="r3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>
</Relationships>"#;

fn zipped(parts: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(*name, stored).ok()?;
        archive.write_all(part).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

/// One cell, read as everything that a cell can be.
pub fn cells(bytes: &[u8]) {
    let Ok(cell) = std::str::from_utf8(bytes) else {
        return;
    };
    for purpose in [Use::Text, Use::Number] {
        let (value, _) = clean(cell, purpose);
        assert_eq!(
            clean(&value, purpose).0,
            value,
            "cleaning twice changes something"
        );
        let (safe, _) = (protected(cell), ());
        assert_eq!(
            clean(&safe, purpose).0,
            value,
            "what was made safe reads differently"
        );
    }
    let zone = chrono_tz::America::Los_Angeles;
    if let Some(zone) = StatedZone::parse(cell) {
        assert_eq!(
            StatedZone::parse(&zone.to_string()),
            Some(zone),
            "a zone reads back otherwise"
        );
    }
    if let Ok(day) = parse_day(cell) {
        assert_eq!(parse_day(&day.to_string()), Ok(day), "a day reads back otherwise");
    }
    for reading in year_first_readings(cell) {
        assert!(year_first_readings(&reading).is_empty(), "the year comes first");
    }
    if let Ok(WrittenTime::Exact(at)) = WrittenTime::parse(cell, zone) {
        assert_eq!(
            at.to_string().parse::<Timestamp>(),
            Ok(at),
            "an instant reads back otherwise"
        );
    }
    let _ = (
        Rate::parse(cell),
        country::canonical(cell),
        SellerId::parse(cell),
        OrderId::parse(cell),
    );
    let _ = Currency::parse("KWD").and_then(|currency| Money::parse(cell, currency));
    let table = CarrierTable::shipped();
    if let Some(number) = TrackingNumber::parse(cell) {
        let fits = table.fits(number.as_str());
        assert!(
            fits.iter()
                .all(|fit| fit.carrier.judge(number.as_str()).is_some())
        );
        let _ = table.advice(table.find(cell), number.as_str());
    }
    for country in domain::papers::countries() {
        let _ = domain::papers::judge_tax_id(country, cell);
    }
    let _ = domain::event_code::node_of("cainiao", cell);
}

/// The kind that the first byte picks, and the rest.
fn kind_of(bytes: &[u8]) -> Option<(Kind, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    Some((Kind::ALL[usize::from(first) % Kind::ALL.len()], rest))
}

/// An upload is refused with a code or read to its end; every row is counted and has a verdict.
fn upload(kind: Kind, file: &[u8]) {
    let mut upload = match open(Cursor::new(file), kind, limits()) {
        Ok(upload) => upload,
        Err(UploadError::Refused(_)) => return,
        Err(UploadError::Read(error)) => panic!("memory can always be read: {error}"),
    };
    let columns = upload.columns().clone();
    let mut row = RawRow::default();
    let (mut rows, mut read) = (0, Vec::new());
    loop {
        match upload.read(&mut row) {
            Ok(true) => rows += 1,
            Ok(false) => {
                chunks_agree(kind, file, &read);
                break;
            }
            Err(UploadError::Refused(_)) => break,
            Err(UploadError::Read(error)) => panic!("memory can always be read: {error}"),
        }
        read.push(cells_of(&row));
        assert_eq!(row.number(), rows, "rows are counted one by one");
        for trust in [
            Trust::Operator,
            SellerId::parse("S1").map_or(Trust::Operator, Trust::Seller),
        ] {
            let checked = check(&row, &columns, &context(trust));
            assert!(
                checked.fact.is_some() || checked.is_refused() || checked.is_passed_over(),
                "a row without a fact and without a reason"
            );
        }
    }
    assert!(rows <= limits().rows_max, "more rows than the limit");
}

/// A file that is read to its end has the same rows in chunks, and behind them nothing but totals.
fn chunks_agree(kind: Kind, file: &[u8], rows: &[Vec<String>]) {
    let mut upload = open(Cursor::new(file), kind, limits()).expect("it was readable before");
    let columns = upload.columns().clone();
    let mut read = Vec::new();
    while let Some(chunk) = upload.next_chunk().expect("it was readable before") {
        let whole = chunk.read(&columns, |row, _, is_totals| {
            read.push((cells_of(row), is_totals))
        });
        whole.expect("it was readable before");
    }
    assert!(read.len() >= rows.len(), "rows are missing in the chunks");
    let (same, rest) = read.split_at(rows.len());
    assert!(
        same.iter().zip(rows).all(|((cells, _), row)| cells == row),
        "rows differ in the chunks"
    );
    assert!(
        rest.iter().all(|&(_, is_totals)| is_totals),
        "the chunks have more rows"
    );
}

fn cells_of(row: &RawRow) -> Vec<String> {
    row.cells().map(str::to_owned).collect()
}

fn context(trust: Trust) -> Context {
    Context {
        zone: FileZone::of(PolicyBook::shipped(), Kind::Events, None, None),
        platform_zone: chrono_tz::America::Los_Angeles,
        upload: 1,
        recorded_at: Timestamp::from_unix(1_717_200_000),
        clock: Timestamp::from_unix(1_717_200_000),
        stored: None,
        filled: intake::Filled::default(),
        trust,
        future_max: Elapsed::hours(14),
        earliest: PolicyBook::shipped().intake.earliest,
        events: Arc::clone(EventTables::shipped()),
        carriers: Arc::clone(CarrierTable::shipped()),
    }
}
