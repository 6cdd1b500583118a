//! Carriers' histories as they were published (SDK fixtures, kept beside the checkout), through the tables of codes and
//! texts: what each event is understood as stands in `golden/traces.csv`, the texts themselves as digests.
//!
//! `UPDATE_GOLDEN=1` writes it anew: read the difference.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use domain::Node;
use domain::carrier::CarrierTable;
use domain::event_code::{Report, understand};

struct Event {
    source: String,
    carrier: String,
    number: String,
    seq: String,
    code: String,
    text: String,
    country: String,
}

/// `None` when the data is not beside this checkout.
fn events() -> Option<Vec<Event>> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/traces/carrier_traces.csv.gz");
    let file = std::fs::File::open(file).ok()?;
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("the histories inflate");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headers = rows.headers().expect("a header").clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header == name)
            .expect("the column")
    };
    let columns = [
        "source",
        "carrier",
        "tracking_number",
        "event_seq",
        "event_code",
        "event_text",
        "country",
    ]
    .map(column);
    let event = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("a row");
        let [source, carrier, number, seq, code, text, country] =
            columns.map(|column| row.get(column).unwrap_or_default().to_owned());
        Event {
            source,
            carrier,
            number,
            seq,
            code,
            text,
            country,
        }
    };
    Some(rows.records().map(event).collect())
}

impl Event {
    /// The carrier's id; empty for those that the platform does not know.
    fn carrier_id(&self) -> &'static str {
        let plain = carrier_name(&self.carrier);
        CarrierTable::shipped()
            .find(plain)
            .map_or("", |carrier| carrier.id())
    }

    /// As a row has it: the text stands for the code where there is none.
    fn node(&self) -> Option<Node> {
        let (code, description) = match self.code.as_str() {
            "" => (&self.text, ""),
            code => return self.understood(code, &self.text),
        };
        self.understood(code, description)
    }

    fn understood(&self, code: &str, description: &str) -> Option<Node> {
        let report = Report {
            code,
            description,
            country: domain::country::canonical(&self.country),
        };
        understand(self.carrier_id(), &report).map(|understood| understood.node)
    }

    /// The text as a number that tells whether it has changed.
    fn digest(&self) -> u64 {
        // FNV-1a: the same for ever, unlike the hashers of libraries.
        let (start, prime) = (0xcbf2_9ce4_8422_2325, 0x0100_0000_01b3);
        let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(prime);
        self.text.bytes().fold(start, mix)
    }
}

/// The carrier within the names that the collectors of the histories gave: `17track:dest-usps(w=21051)`.
fn carrier_name(written: &str) -> &str {
    let name = written.split('(').next().unwrap_or(written);
    let name = name.strip_prefix("17track:").unwrap_or(name);
    ["origin-", "dest-"]
        .iter()
        .find_map(|part| name.strip_prefix(part))
        .unwrap_or(name)
}

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/traces.csv")
}

#[test]
fn every_published_event_is_understood_as_the_golden_file_says() {
    let Some(events) = events() else {
        eprintln!("skipped: the published histories are not beside this checkout");
        return;
    };
    let mut found = String::from("source,carrier,number,seq,code,text_digest,node\n");
    for event in &events {
        let node = event.node().map_or("", Node::as_str);
        let (source, carrier, number) = (&event.source, &event.carrier, &event.number);
        writeln!(
            found,
            "{source},{carrier},{number},{},{},{:016x},{node}",
            event.seq,
            event.code,
            event.digest()
        )
        .expect("a String takes all");
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden_path(), &found).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(golden_path()).expect("the golden file");
    let changed: Vec<_> = found
        .lines()
        .zip(golden.lines())
        .filter(|(now, then)| now != then)
        .collect();
    assert!(
        changed.is_empty(),
        "{} lines differ: {:#?}",
        changed.len(),
        &changed[..changed.len().min(20)]
    );
    assert_eq!(found.lines().count(), golden.lines().count());
}

#[test]
fn what_is_plainly_delivered_is_signed_and_nothing_else_is() {
    let Some(events) = events() else {
        eprintln!("skipped: the published histories are not beside this checkout");
        return;
    };
    let says = |event: &Event, words: &[&str]| {
        let text = format!("{} {}", event.code, event.text).to_lowercase();
        words.iter().any(|word| text.contains(word))
    };
    let is_delivery = |event: &Event| {
        let delivered = [
            "delivered",
            "签收",
            "妥投",
            "est livré",
            "delivery_confirmed",
            "distributed",
        ];
        let not = ["parcelshop", "able to deliver", "to be delivered", "unsuccessful"];
        says(event, &delivered) && !says(event, &not)
    };
    for event in &events {
        let is_signed = event.node() == Some(Node::Signed);
        let known = [("smartkargo", "DDL"), ("dhl_parcel_de", "ZU")];
        let is_known = known.contains(&(event.carrier.as_str(), event.code.as_str()));
        assert_eq!(
            is_signed,
            is_delivery(event) || is_known,
            "{} {} {} {:?} {:?}",
            event.carrier,
            event.number,
            event.seq,
            event.code,
            event.text
        );
    }
}

/// Carriers of the histories that the table does not have: their events come with a number of another carrier's.
const UNKNOWN_CARRIERS: [&str; 26] = [
    "dhl-ecommerce",
    "asendia",
    "chronopost",
    "dhl_poland",
    "dhl_universal",
    "parcelone",
    "seko",
    "sendle",
    "smartkargo",
    "spring",
    "teleship",
    "allied_express",
    "allied_express_local",
    "asendia_us",
    "dicom",
    "easypost",
    "easyship",
    "eshipper",
    "geodis",
    "hay_post",
    "locate2u",
    "nationex",
    "roadie",
    "shipengine",
    "veho",
    "zoom2u",
];

#[test]
fn the_carriers_of_the_histories_are_found_as_others_write_them() {
    let Some(events) = events() else {
        eprintln!("skipped: the published histories are not beside this checkout");
        return;
    };
    for event in &events {
        let name = carrier_name(&event.carrier);
        let is_known = CarrierTable::shipped().find(name).is_some();
        assert_eq!(is_known, !UNKNOWN_CARRIERS.contains(&name), "{name}");
    }
}

#[test]
fn carriers_are_found_by_the_names_that_tracking_systems_give_them() {
    for (name, id) in [
        ("yanwen", "yanwen"),
        ("4px", "4px"),
        ("fourpx", "4px"),
        ("cainiao", "cainiao"),
        ("china-post", "china_post"),
        ("china-ems", "ems"),
        ("dhl-express", "dhl"),
        ("mydhl", "dhl"),
        ("usps_international", "usps"),
        ("yunexpress", "yunexpress"),
        ("yun-express", "yunexpress"),
        ("jcex", "jcex"),
        ("sf-express", "sf"),
        ("cdek", "cdek"),
        ("russian-post", "russian_post"),
        ("spain-correos-es", "correos"),
        ("brazil-correios", "correios"),
        ("la-poste-colissimo", "la_poste"),
        ("laposte", "la_poste"),
        ("royalmail", "royal_mail"),
        ("royal-mail", "royal_mail"),
        ("canadapost", "canada_post"),
        ("australia-post", "australia_post"),
        ("dhl_parcel_de", "deutsche_post"),
        ("singapore-post", "singapore_post"),
        ("hong-kong-post", "hongkong_post"),
        ("postnl-international", "postnl"),
        ("amazon_shipping", "amazon"),
        ("顺丰速运", "sf"),
        ("联邦快递", "fedex"),
        ("佳成国际", "jcex"),
        ("菜鸟", "cainiao"),
        ("云途物流", "yunexpress"),
        ("俄罗斯邮政", "russian_post"),
        ("西班牙邮政", "correos"),
        ("巴西邮政", "correios"),
        ("法国邮政", "la_poste"),
        ("美国邮政", "usps"),
        ("递四方", "4px"),
    ] {
        let found = CarrierTable::shipped().find(name).map(|carrier| carrier.id());
        assert_eq!(found, Some(id), "{name}");
    }
}
