//! The carrier table against published numbers (data set jkeen/tracking_number_data, kept beside the checkout).

use std::path::Path;

use domain::carrier::{Carrier, CarrierTable, CheckDigit};

/// Formats of the data set that the table leaves out, on purpose.
const NOT_OURS: [&str; 7] = [
    // The platform takes DHL waybills of exactly 10 digits; these are hints.
    "dhl_express_piece_id",
    "dhl_ecommerce",
    "dhl_ecommerce_14",
    // A bar code on FedEx labels that holds the tracking number, and a number with a hyphen.
    "fedex_astra_32",
    "LaserShip 1LS7 (18)",
    // Freight inside the United States.
    "Old Dominion",
    "Old Dominion Guaranteed Shipment",
];

/// The platform's rule is narrower than the data set's here: 11 digits.
const NOT_TEN_DIGITS: &str = "73891051146";

struct Published {
    courier: String,
    number: String,
    is_valid: bool,
}

/// `courier,format,number,expected`, none of them quoted. `None` when the data is not beside this checkout.
fn published() -> Option<Vec<Published>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tracking-numbers");
    let csv = std::fs::read_to_string(folder.join("test_numbers.csv")).ok()?;
    let row = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        let number = fields[2].replace(' ', "");
        let is_ours = !NOT_OURS.contains(&fields[1]) && number != NOT_TEN_DIGITS;
        is_ours.then(|| Published {
            courier: fields[0].to_owned(),
            number,
            is_valid: fields[3] == "valid",
        })
    };
    Some(csv.lines().skip(1).filter_map(row).collect())
}

fn judged(courier: &str, number: &str) -> Option<CheckDigit> {
    let table = CarrierTable::shipped();
    let fits = table.fits(number);
    // The data set's `s10` stands for any post: whoever takes the number.
    match table.find(courier) {
        Some(carrier) => Carrier::judge(carrier, number),
        None => fits.iter().map(|fit| fit.check_digit).max(),
    }
}

#[test]
fn published_numbers_fit_their_carriers() {
    let Some(published) = published() else {
        eprintln!("skipped: the published numbers are not beside this checkout");
        return;
    };
    let missed: Vec<_> = published
        .iter()
        .filter(|row| row.is_valid)
        .filter(|row| {
            matches!(
                judged(&row.courier, &row.number),
                None | Some(CheckDigit::Invalid)
            )
        })
        .map(|row| (&row.courier, &row.number))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(published.len() > 200, "{} numbers read", published.len());
}

#[test]
fn published_numbers_with_an_error_miss_their_carriers_or_warn() {
    let Some(published) = published() else {
        eprintln!("skipped: the published numbers are not beside this checkout");
        return;
    };
    // A number may be right under one format of its courier and be listed as wrong under another.
    let right_elsewhere = |row: &Published| {
        published
            .iter()
            .any(|other| other.is_valid && other.number == row.number)
    };
    let taken: Vec<_> = published
        .iter()
        .filter(|row| !row.is_valid && !right_elsewhere(row))
        .filter(|row| {
            matches!(
                judged(&row.courier, &row.number),
                Some(CheckDigit::Valid | CheckDigit::None)
            )
        })
        .map(|row| (&row.courier, &row.number))
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}
