//! Format and carrier of a number (A2, A3): of one that nobody has uploaded, and of an order's parcel.

use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use crate::because::Told;
use crate::carrier::{Carrier, CarrierClass, CarrierTable, CheckDigit, Fit};
use crate::order::Parcel;
use crate::seller::Agreement;
use crate::{Finding, PolicyBook, RowCode, TrackingNumber};

/// The column that numbers stand in, as findings name it.
const COLUMN: &str = "tracking_number";

/// What was typed is no number, or not written as one.
pub(super) fn faulty(fault: &Finding) -> Stage {
    Stage::found(StageName::Format, Standing::Failed, fault)
}

/// The form of a number of which no carrier is known.
pub(super) fn format_of_any(number: &TrackingNumber, table: &CarrierTable) -> Stage {
    let fits = table.fits(number.as_str());
    let stage = match fits.first().map(|fit| fit.check_digit) {
        None => {
            let advice = table.advice(None, number.as_str());
            let finding = Finding::new(RowCode::NumFormat, COLUMN, number.as_str()).with_detail(advice);
            Stage::found(StageName::Format, Standing::Failed, &finding)
        }
        Some(CheckDigit::Invalid) => mistyped(number),
        Some(right) => {
            let alike: Vec<&Carrier> = right_fits(&fits).collect();
            fitting(number, &alike, right)
        }
    };
    stage.of(number)
}

/// Whose number it may be.
pub(super) fn carrier_of_any(number: &TrackingNumber, table: &CarrierTable) -> Stage {
    let fits = table.fits(number.as_str());
    let candidates: Vec<&Carrier> = fits.iter().map(|fit| fit.carrier).collect();
    let case = if candidates.is_empty() {
        Case::CarrierUntold
    } else {
        Case::CarrierCandidates
    };
    Stage::told(
        StageName::Carrier,
        Standing::Pending,
        case,
        &[("carriers", names(&candidates))],
    )
    .of(number)
}

/// The form of a parcel's number, by the rule of its own carrier.
pub(super) fn format_of(parcel: &Parcel<'_>, book: &PolicyBook) -> Stage {
    let number = &parcel.shipment.number;
    let table = &book.carriers;
    let carrier = table.find(&parcel.shipment.carrier);
    let judged = carrier.map(|carrier| (carrier, carrier.judge(number.as_str())));
    let stage = match judged {
        Some((_, Some(CheckDigit::Invalid))) => mistyped(number),
        Some((carrier, Some(right))) => fitting(number, &[carrier], right),
        // It was accepted by an earlier table.
        Some((_, None)) | None => {
            let advice = table.advice(carrier, number.as_str());
            let finding = Finding::new(RowCode::NumFormat, COLUMN, number.as_str()).with_detail(advice);
            Stage::found(StageName::Format, Standing::AtRisk, &finding)
        }
    };
    stage.of(number)
}

/// The carrier that a parcel's upload named (A3), and whether an agreement covers it where it needs one (C6).
pub(super) fn carrier_of(parcel: &Parcel<'_>, book: &PolicyBook, agreements: &[Agreement]) -> Stage {
    let id = &parcel.shipment.carrier;
    let carrier = book.carriers.find(id);
    if !book.is_covered(id, agreements, parcel.shipment.uploaded_at()) {
        let name = carrier.map_or(id.as_str(), Carrier::name);
        let finding = Finding::new(RowCode::AgreementMissing, "carrier", name);
        return Stage::found(StageName::Carrier, Standing::AtRisk, &finding).of(&parcel.shipment.number);
    }
    let (standing, case) = match carrier.map(Carrier::class) {
        Some(CarrierClass::Certified) => (Standing::Passed, Case::CarrierCertified),
        Some(CarrierClass::OwnPartner) if carrier.is_some_and(Carrier::needs_agreement) => {
            (Standing::Passed, Case::CarrierPartner)
        }
        Some(CarrierClass::OwnPartner) => (Standing::Passed, Case::CarrierWaived),
        // No upload that names one is accepted.
        Some(CarrierClass::OutOfScope) | None => (Standing::AtRisk, Case::CarrierUnlisted),
    };
    let named = carrier.map_or_else(|| Told::alike(id), |carrier| names(&[carrier]));
    Stage::told(StageName::Carrier, standing, case, &[("carriers", named)]).of(&parcel.shipment.number)
}

/// A wrong check digit alone refuses nothing (A2).
fn mistyped(number: &TrackingNumber) -> Stage {
    let finding = Finding::new(RowCode::NumCheckDigit, COLUMN, number.as_str());
    Stage::found(StageName::Format, Standing::AtRisk, &finding)
}

fn fitting(number: &TrackingNumber, carriers: &[&Carrier], check_digit: CheckDigit) -> Stage {
    let check_digit = match check_digit {
        CheckDigit::Valid => Told::new("check digit right", "校验位正确"),
        CheckDigit::Invalid | CheckDigit::None => Told::new("no check digit", "无校验位"),
    };
    let given = [
        ("number", Told::alike(number)),
        ("carriers", names(carriers)),
        ("check_digit", check_digit),
    ];
    Stage::told(StageName::Format, Standing::Passed, Case::NumberFits, &given)
}

/// The carriers whose rule the number fits as well as the first one's.
fn right_fits<'c>(fits: &[Fit<'c>]) -> impl Iterator<Item = &'c Carrier> {
    let best = fits.first().map(|fit| fit.check_digit);
    fits.iter()
        .filter(move |fit| Some(fit.check_digit) == best)
        .map(|fit| fit.carrier)
}

fn names(carriers: &[&Carrier]) -> Told {
    let en: Vec<&str> = carriers.iter().map(|carrier| carrier.name()).collect();
    let zh: Vec<&str> = carriers.iter().map(|carrier| carrier.name_zh()).collect();
    Told::new(en.join(", "), zh.join("、"))
}
