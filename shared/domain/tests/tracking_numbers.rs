//! The carrier table against published numbers (data set jkeen/tracking_number_data, kept beside the checkout).

use std::path::Path;

use domain::carrier::{Carrier, CarrierTable, CheckDigit};

/// Formats of the data set whose right numbers the table refuses, on purpose, and why.
const REFUSED_ON_PURPOSE: [(&str, &str); 7] = [
    (
        "dhl_express_piece_id",
        "the platform takes DHL waybills of exactly 10 digits; a hint names the piece number",
    ),
    ("dhl_ecommerce", "as above; a hint names DHL eCommerce"),
    ("dhl_ecommerce_14", "as above; a hint names DHL eCommerce"),
    (
        "fedex_astra_32",
        "the bar code of a label, which holds the number",
    ),
    (
        "LaserShip 1LS7 (18)",
        "has a hyphen, which no tracking number has here",
    ),
    (
        "Old Dominion",
        "freight inside the United States: no carrier of parcels",
    ),
    (
        "Old Dominion Guaranteed Shipment",
        "freight inside the United States: no carrier of parcels",
    ),
];

/// The platform's rule is narrower than the data set's here: a DHL waybill of 11 digits.
const NOT_TEN_DIGITS: &str = "73891051146";

/// Couriers of the data set that are no carriers of the table: the standard of the posts, and the freight above.
const NO_CARRIERS: [&str; 2] = ["s10", "old_dominion"];

#[derive(Clone)]
struct Published {
    courier: String,
    format: String,
    number: String,
    is_valid: bool,
}

impl Published {
    fn is_refused_on_purpose(&self) -> bool {
        self.number == NOT_TEN_DIGITS
            || REFUSED_ON_PURPOSE
                .iter()
                .any(|(format, _)| *format == self.format)
    }

    /// By its carrier's rule; the data set's `s10` stands for any post: whoever takes the number.
    fn judged(&self) -> Option<CheckDigit> {
        let table = CarrierTable::shipped();
        if self.courier == "s10" {
            let fits = table.fits(&self.number);
            return fits.iter().map(|fit| fit.check_digit).max();
        }
        Carrier::judge(table.find(&self.courier)?, &self.number)
    }

    fn is_accepted(&self) -> bool {
        matches!(self.judged(), Some(CheckDigit::Valid | CheckDigit::None))
    }
}

/// A file of the data set. `None`, and a word about it, when the data is not beside this checkout.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn file(name: &str) -> Option<csv::Reader<std::fs::File>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tracking-numbers");
    let reader = csv::Reader::from_path(folder.join(name));
    if reader.is_err() {
        eprintln!("skipped: the published numbers are not beside this checkout");
    }
    reader.ok()
}

/// `courier,format,number,expected`, the numbers without the spaces that the data set tries.
fn published() -> Option<Vec<Published>> {
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("a row");
        Published {
            courier: row[0].to_owned(),
            format: row[1].to_owned(),
            number: row[2].replace(' ', ""),
            is_valid: &row[3] == "valid",
        }
    };
    Some(file("test_numbers.csv")?.records().map(row).collect())
}

fn numbers<'a>(rows: impl IntoIterator<Item = &'a Published>) -> Vec<(&'a str, &'a str, &'a str)> {
    let name = |row: &'a Published| (row.courier.as_str(), row.format.as_str(), row.number.as_str());
    rows.into_iter().map(name).collect()
}

#[test]
fn published_numbers_are_accepted_by_their_carriers() {
    let Some(published) = published() else { return };
    let missed = published
        .iter()
        .filter(|row| row.is_valid && !row.is_refused_on_purpose() && !row.is_accepted());
    let missed = numbers(missed);
    assert!(missed.is_empty(), "{missed:?}");
    assert!(published.len() >= 280, "{} numbers read", published.len());
}

#[test]
fn what_is_refused_on_purpose_is_refused() {
    let Some(published) = published() else { return };
    let exceptions: Vec<_> = published
        .iter()
        .filter(|row| row.is_refused_on_purpose())
        .collect();
    let accepted = numbers(exceptions.iter().copied().filter(|row| row.is_accepted()));
    assert!(accepted.is_empty(), "no exception any more: {accepted:?}");
    for (format, reason) in REFUSED_ON_PURPOSE {
        let is_used = exceptions.iter().any(|row| row.format == format && row.is_valid);
        assert!(is_used, "nothing of {format} is right but refused: {reason}");
    }
}

#[test]
fn published_numbers_with_an_error_are_refused_or_warn() {
    let Some(published) = published() else { return };
    // A number may be right under one format of its courier and be listed as wrong under another.
    let is_right_elsewhere = |row: &Published| {
        let same = |other: &Published| other.courier == row.courier && other.number == row.number;
        published.iter().any(|other| other.is_valid && same(other))
    };
    let taken = published
        .iter()
        .filter(|row| !row.is_valid && row.is_accepted() && !is_right_elsewhere(row));
    let taken = numbers(taken);
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn a_number_of_every_post_fits_some_carrier() {
    let Some(mut lookup) = file("s10_lookup.csv") else {
        return;
    };
    let rows: Vec<_> = lookup.records().collect::<Result<_, _>>().expect("rows");
    let countries: Vec<_> = rows
        .iter()
        .filter(|row| &row[0] == "CountryCode")
        .map(|row| &row[4])
        .collect();
    let table = CarrierTable::shipped();
    let missed: Vec<_> = countries
        .iter()
        .filter(|country| table.fits(&format!("RB123456785{country}")).is_empty())
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(countries.len() > 150, "{} posts read", countries.len());
}

#[test]
fn every_courier_of_the_data_set_is_found_by_its_names() {
    let Some(mut formats) = file("formats.csv") else {
        return;
    };
    let rows: Vec<_> = formats.records().collect::<Result<_, _>>().expect("rows");
    let table = CarrierTable::shipped();
    for row in rows.iter().filter(|row| !NO_CARRIERS.contains(&&row[0])) {
        let by_id = table.find(&row[0]).map(Carrier::id);
        assert!(by_id.is_some(), "{}", &row[0]);
        assert_eq!(table.find(&row[1]).map(Carrier::id), by_id, "{}", &row[1]);
    }
    for courier in NO_CARRIERS {
        assert!(table.find(courier).is_none(), "{courier}");
    }
}
