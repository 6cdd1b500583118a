//! Rows of `tracking` files (A1–A6): what a row alone shows of a number, its carrier and its papers.
//!
//! Whether papers are wanted, the destination is allowed or the upload is late is the order's to say: the domain's.

use std::borrow::Cow;

use domain::ascii::are_upper_alphanumeric;
use domain::carrier::{self, Carrier, CarrierClass, CheckDigit};
use domain::facts::{PapersFact, StatedOrder, TrackingFact};
use domain::{Money, RowCode, SellerId, SendType, Timestamp, TrackingNumber, country};

use crate::Column;
use crate::bare_number::bare_number;
use crate::cell::{Undone, Use};
use crate::check::Reading;
use crate::number::{Fault, fault_of_form, with_lost_zero};
use crate::times::Favours;

const SEND_TYPES: &[(SendType, &[&str])] = &[
    (
        SendType::All,
        &[
            "all",
            "全部",
            "全部发货",
            "整单",
            "整单发货",
            "全单发货",
            "一次性发货",
            "full",
            "full shipment",
            "full delivery",
            "complete",
            "whole order",
            "换单",
            "更换单号",
        ],
    ),
    (
        SendType::Part,
        &[
            "part",
            "部分",
            "部分发货",
            "partial",
            "partial shipment",
            "partial delivery",
            "partially shipped",
            "补发",
            "补发货",
            "补寄",
            "追加",
            "分批发货",
            "拆单",
            "拆单发货",
            "拆包",
        ],
    ),
];

/// Whom a row names.
enum Named<'c> {
    /// No cell: `CELL_MISSING` says so.
    Nobody,
    /// No carrier for sure (A2): the candidates.
    Unknown(Vec<&'c Carrier>),
    Known(&'c Carrier),
}

#[inline]
pub(crate) fn read(row: &mut Reading<'_>) -> Option<TrackingFact> {
    let context = row.context;
    let named = match row.given(Column::Carrier) {
        None => Named::Nobody,
        Some(name) => match context.carriers.named(&name) {
            carrier::Named::Known(carrier) => Named::Known(carrier),
            carrier::Named::Unknown(candidates) => Named::Unknown(candidates),
        },
    };
    if matches!(named, Named::Known(carrier) if carrier.class() == CarrierClass::OutOfScope) {
        return out_of_scope(row, named);
    }
    let order_id = row.order_id();
    let number = number(row, &named);
    let uploaded_at = row.stated_time(Column::UploadedAt);
    if let (Named::Known(carrier), Some(_), Some(at)) = (&named, &number, uploaded_at) {
        check_agreement(row, carrier, at);
    }
    let send_type = send_type(row);
    let invoice = row.given(Column::InvoiceNo).unwrap_or_default();
    let tax_id = row.personal(Column::ConsigneeTaxId);
    if tax_id.is_labelled() {
        row.note(Undone::LABEL);
    }
    let stated = stated_order(row);
    Some(TrackingFact {
        order_id: order_id?,
        uploaded_at: uploaded_at?,
        carrier: named.id().map(Into::into),
        number,
        send_type,
        papers: PapersFact::read(&invoice, &tax_id),
        stated,
        findings: row.found(),
        source: row.source(),
        stored: row.context.stored,
    })
}

/// A3: a row that names the platform's own lines is refused with that one code and not looked at further.
fn out_of_scope(row: &mut Reading<'_>, named: Named<'_>) -> Option<TrackingFact> {
    let order_id = row.order_id();
    let uploaded_at = row.stated_time(Column::UploadedAt);
    // Its zone may tell the file's.
    row.time(Column::PaidAt, Favours::Later);
    row.findings.clear();
    row.find(RowCode::CarrierOutOfScope, Column::Carrier);
    Some(TrackingFact {
        order_id: order_id?,
        uploaded_at: uploaded_at?,
        carrier: named.id().map(Into::into),
        number: None,
        send_type: SendType::All,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: row.found(),
        source: row.source(),
        stored: row.context.stored,
    })
}

impl<'c> Named<'c> {
    fn id(&self) -> Option<&'c str> {
        self.carrier().map(Carrier::id)
    }

    fn carrier(&self) -> Option<&'c Carrier> {
        match self {
            Self::Known(carrier) => Some(carrier),
            Self::Nobody | Self::Unknown(_) => None,
        }
    }
}

/// A2: the number, when it fits the carrier that the row names.
fn number(row: &mut Reading<'_>, named: &Named<'_>) -> Option<TrackingNumber> {
    let context = row.context;
    let carriers = &context.carriers;
    let cell = row.cleaned(Column::TrackingNumber, Use::Number);
    let fault = if row.is_cut_number(Column::TrackingNumber, &cell) {
        Some(Fault::of(RowCode::NumScientific))
    } else {
        fault_of_form(&cell, named.carrier(), carriers)
    };
    let number = if are_upper_alphanumeric(cell.as_bytes()) {
        Cow::Borrowed(&*cell)
    } else {
        Cow::Owned(cell.to_ascii_uppercase())
    };
    match named {
        Named::Known(_) => {}
        Named::Nobody => row.find(RowCode::CellMissing, Column::Carrier),
        Named::Unknown(candidates) => {
            let sound = if fault.is_none() { &*number } else { "" };
            let detail = carriers.candidates(candidates, sound);
            row.find_with(RowCode::CarrierUnknown, Column::Carrier, detail);
        }
    }
    if cell.is_empty() && row.is_uncomputed(Column::TrackingNumber) {
        // The seller has given a number, as far as it goes: that the spreadsheet never computed it is no missing number.
        let detail = "the number itself: the formula was never computed | 运单号本身：该公式从未计算过";
        row.find_with(RowCode::TypeInvalid, Column::TrackingNumber, detail);
        return None;
    }
    if let Some(fault) = fault {
        row.find_number(fault);
        return None;
    }
    let Named::Known(carrier) = named else { return None };
    by_rule(row, carrier, &number)
}

/// A2: the number measured against its carrier's rule. A wrong check digit alone only warns.
fn by_rule(row: &mut Reading<'_>, carrier: &Carrier, number: &str) -> Option<TrackingNumber> {
    let fits = carrier.judge(number).zip(TrackingNumber::parse(number));
    match &fits {
        Some((CheckDigit::Invalid, _)) => row.find(RowCode::NumCheckDigit, Column::TrackingNumber),
        Some(_) => {}
        None => {
            let carriers = &row.context.carriers;
            let fault = if let Some(whole) = with_lost_zero(number, carrier) {
                Fault::of(RowCode::NumLeadingZeroLost).proposing(whole)
            } else if let Some(bare) = bare_number(number, Some(carrier), carriers) {
                Fault::of(RowCode::NumFormat).proposing(bare)
            } else {
                Fault::of(RowCode::NumFormat).saying(carriers.advice(Some(carrier), number))
            };
            row.find_number(fault);
        }
    }
    fits.map(|(_, number)| number)
}

/// A3: a row of an own partner that no agreement of the policy file covers. The upload takes the warning off where one of
/// the seller's papers does.
fn check_agreement(row: &mut Reading<'_>, carrier: &Carrier, at: Timestamp) {
    if carrier.needs_agreement() && !carrier.is_covered_by_policy(at.date_in(row.context.platform_zone)) {
        row.find(RowCode::AgreementMissing, Column::Carrier);
    }
}

/// Whether the number replaces the order's earlier ones; all of the order unless the row says otherwise.
fn send_type(row: &mut Reading<'_>) -> SendType {
    let Some(text) = row.given(Column::SendType) else {
        return SendType::All;
    };
    row.one_of(&text, SEND_TYPES).unwrap_or_else(|| {
        row.find(RowCode::SendTypeInvalid, Column::SendType);
        SendType::All
    })
}

/// The order columns that a row repeats. They are cross-checked against a known order, which cells that cannot be read
/// do not hinder: their faults are kept apart.
fn stated_order(row: &mut Reading<'_>) -> StatedOrder {
    let before = row.findings.len();
    let stated = StatedOrder {
        seller_id: stated_seller(row),
        paid_at: row.past_time(Column::PaidAt, Favours::Later),
        destination: stated_destination(row).map(Into::into),
        amount: stated_amount(row),
    };
    row.stated_findings = row.findings.split_off(before);
    stated
}

fn stated_seller(row: &mut Reading<'_>) -> Option<SellerId> {
    let text = row.given(Column::SellerId)?;
    let seller_id = SellerId::parse(&text);
    if seller_id.is_none() {
        row.find(RowCode::TypeInvalid, Column::SellerId);
    }
    seller_id
}

fn stated_destination(row: &mut Reading<'_>) -> Option<&'static str> {
    let text = row.given(Column::DestinationCountry)?;
    let code = country::meant(&text);
    if code.is_none() {
        row.find(RowCode::DestUnknown, Column::DestinationCountry);
    }
    code
}

/// An amount says nothing without its currency, nor a currency without its amount.
fn stated_amount(row: &mut Reading<'_>) -> Option<Money> {
    let amount = row.given(Column::Amount);
    let text = row.given(Column::Currency)?;
    let currency = row.currency_of(&text)?;
    row.amount_of(amount.as_deref()?, currency)
}
