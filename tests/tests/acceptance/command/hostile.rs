//! Small files that are big when read: `waymark validate` answers each with a code, in little memory.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::process::Output;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use lake::Answer;
use tests::Ran;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::command::waymark;

const PEAK_BYTES_MAX: u64 = 256 << 20;
const POLLED_EVERY: Duration = Duration::from_millis(5);
const HEADER: &[u8] = b"order_id,carrier,tracking_number,uploaded_at\n";

/// `content` as gzip has it.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    gzip_of(content)
}

/// A zip of one file.
pub(crate) fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut zip, name, content);
    zip.finish().expect("memory takes every byte").into_inner()
}

fn gzip_of(mut content: impl Read) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    io::copy(&mut content, &mut gzip).expect("memory takes every byte");
    gzip.finish().expect("memory takes every byte")
}

fn add(zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, mut content: impl Read) {
    let options = SimpleFileOptions::default().compression_level(Some(1));
    zip.start_file(name, options).expect("memory takes every byte");
    io::copy(&mut content, zip).expect("memory takes every byte");
}

/// A workbook of one sheet with `rows` in the form that it has inside.
fn workbook(rows: impl Read) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let types = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
    add(&mut zip, "[Content_Types].xml", types.as_bytes());
    let related = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    add(
        &mut zip,
        "_rels/.rels",
        related("officeDocument", "xl/workbook.xml").as_bytes(),
    );
    add(
        &mut zip,
        "xl/_rels/workbook.xml.rels",
        related("worksheet", "worksheets/sheet1.xml").as_bytes(),
    );
    let book = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    add(&mut zip, "xl/workbook.xml", book.as_bytes());
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
    let header = ["order_id", "carrier", "tracking_number", "uploaded_at"]
        .map(cell)
        .concat();
    let begin = format!(r#"<worksheet xmlns="{MAIN}"><sheetData><row>{header}</row>"#);
    let sheet = begin
        .as_bytes()
        .chain(rows)
        .chain(&b"</sheetData></worksheet>"[..]);
    add(&mut zip, "xl/worksheets/sheet1.xml", sheet);
    zip.finish().expect("memory takes every byte").into_inner()
}

fn zeros(count: u64) -> impl Read {
    io::repeat(b'0').take(count)
}

/// Runs `waymark validate` or `waymark upload` on a file of these bytes, of which not all is accepted; the answer, and the most
/// memory that it took, where the system tells.
fn answered(verb: &str, name: &str, content: &[u8]) -> (Answer, Option<u64>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(name);
    std::fs::write(&path, content).expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let mut command = waymark.command([verb, "--kind", "tracking", "--json"]);
    command.arg("--out").arg(directory.path().join("out")).arg(&path);
    let child = command.spawn().expect("the command can be started");
    let (peak, output) = watched(child.id(), || child.wait_with_output());
    let ran = Ran::of(output.expect("a process ends"));
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{name}");
    let answer = ran.stdout.lines().next().expect("an answer");
    (serde_json::from_str(answer).expect("an answer"), peak)
}

/// The most memory that a process has had until `wait` returns.
fn watched(process: u32, wait: impl FnOnce() -> io::Result<Output>) -> (Option<u64>, io::Result<Output>) {
    thread::scope(|scope| {
        let (end, ended) = mpsc::channel::<()>();
        let watcher = scope.spawn(move || {
            let mut peak = None;
            while ended.recv_timeout(POLLED_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                peak = peak.max(peak_of(process));
            }
            peak
        });
        let output = wait();
        drop(end);
        (watcher.join().expect("a watcher does not panic"), output)
    })
}

/// The kernel's high-water mark of a living process.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

/// Fails unless the command took little memory.
#[expect(clippy::print_stderr, reason = "a test that is skipped in part says so")]
fn assert_little(name: &str, peak: Option<u64>, bytes_max: u64) {
    match peak {
        Some(peak) => assert!(peak < bytes_max, "{name}: {} MB", peak >> 20),
        None => eprintln!("skipped in part: the system does not tell what {name} took"),
    }
}

/// Fails unless the file is refused whole with `code`, in little memory.
fn assert_refused(name: &str, content: &[u8], code: &str) {
    assert!(content.len() < 64 << 20, "{name} is small to send");
    let (answer, peak) = answered("validate", name, content);
    assert!(answer.is_refused(), "{name}: {answer:?}");
    assert_eq!(answer.issues[0].code, code, "{name}: {:?}", answer.issues);
    assert_little(name, peak, PEAK_BYTES_MAX);
}

/// It takes its rows' 32 MB, and not the answer's twice as well.
#[test]
fn an_answer_is_copied_out_of_the_bucket_piece_by_piece() {
    let row = [&b"1,"[..], &b"x".repeat(16 << 10)[..], b",1,1\n"].concat();
    let refused = gzip_of(HEADER.chain(&row.repeat(2_000)[..]));
    let (answer, peak) = answered("upload", "large.csv.gz", &refused);
    assert_eq!(answer.counts.rejected, 2_000, "{answer:?}");
    assert_little("large.csv.gz", peak, 150 << 20);
}

#[test]
fn a_line_of_two_gigabytes_is_refused() {
    let line = HEADER.chain(io::repeat(b'x').take(2 << 30));
    assert_refused("line.csv.gz", &gzip_of(line), "CELL_LIMIT");
}

#[test]
fn three_hundred_megabytes_of_nothing_are_refused() {
    let nothing = gzip_of(io::repeat(0).take(300 << 20));
    assert_refused("nothing.csv.gz", &nothing, "FILE_DAMAGED");
    let behind_a_header = gzip_of(HEADER.chain(io::repeat(0).take(300 << 20)));
    assert_refused("header.csv.gz", &behind_a_header, "FILE_DAMAGED");
}

#[test]
fn a_packed_file_in_a_packed_file_is_refused() {
    let inner = gzip_of(HEADER.chain(zeros(1 << 20)));
    assert_refused("twice.csv.gz", &gzip(&inner), "FILE_TYPE");
}

#[test]
fn a_cell_of_three_hundred_megabytes_is_refused() {
    let cell = b"<row><c><v>".chain(zeros(300 << 20));
    let cell = cell.chain(&b"</v></c></row>"[..]);
    assert_refused("cell.xlsx", &workbook(cell), "CELL_LIMIT");
}

#[test]
fn a_sheet_of_spaces_that_inflates_without_measure_is_refused() {
    let spaces = io::repeat(b' ').take(513 << 20);
    assert_refused("spaces.xlsx", &workbook(spaces), "INFLATE_LIMIT");
}

#[test]
fn a_row_of_more_cells_than_any_kind_has_is_refused() {
    let row = [
        b"<row>".to_vec(),
        b"<c><v>1</v></c>".repeat(300),
        b"</row>".to_vec(),
    ]
    .concat();
    assert_refused("columns.xlsx", &workbook(&row[..]), "COLUMN_LIMIT");
}
