//! Order numbers that a spreadsheet damaged: which orders may have been meant.
//!
//! Never a guess: an order is proposed where exactly one of those that fit is open and the uploader's own, and the row
//! stays refused or parked all the same. Pure; the caller looks the candidates up.

use crate::ids::ORDER_ID_DIGITS;
use crate::{Order, OrderId, OrderStatus, RowCode, Uploader};

/// Digits that a spreadsheet keeps of a number; it writes zeros for the rest.
const SPREADSHEET_DIGITS: usize = 15;
/// Digits that are tried in place of lost ones, at most: a hundred candidates.
const LOST_DIGITS_MAX: usize = 2;
/// Candidates of one cell, at most.
pub const CANDIDATES_MAX: usize = 100;

/// Codes that an order number may be proposed with.
pub const CODES: [RowCode; 3] = [
    RowCode::OrderIdPrecisionLost,
    RowCode::OrderIdFormat,
    RowCode::OrderUnknown,
];

/// The order ids that a cell may have been before a spreadsheet read it as a number: with zeros in front, or with other
/// digits behind the 15th where zeros stand there now. At most [`CANDIDATES_MAX`], ascending, without what the cell says itself.
///
/// In scientific form (`8.00001E+15`) the digits are gone, and there is no candidate.
pub fn candidates(cell: &str) -> Vec<OrderId> {
    let digits = cell.trim().trim_start_matches('\'').trim();
    let is_number = (1..=*ORDER_ID_DIGITS.end()).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.starts_with('0') {
        return Vec::new();
    }
    let mut candidates: Vec<OrderId> = with_last_digits(digits)
        .chain(with_zeros_in_front(digits))
        .take(CANDIDATES_MAX)
        .collect();
    candidates.sort();
    candidates
}

fn with_zeros_in_front(digits: &str) -> impl Iterator<Item = OrderId> {
    let longer = (digits.len() + 1).max(*ORDER_ID_DIGITS.start())..=*ORDER_ID_DIGITS.end();
    longer.filter_map(move |length| OrderId::parse(&format!("{digits:0>length$}")))
}

fn with_last_digits(digits: &str) -> impl Iterator<Item = OrderId> {
    let (kept, lost) = digits.split_at(digits.len().min(SPREADSHEET_DIGITS));
    let is_rounded = (1..=LOST_DIGITS_MAX).contains(&lost.len()) && lost.bytes().all(|byte| byte == b'0');
    let ends = if is_rounded {
        10_u32.pow(lost.len() as u32)
    } else {
        0
    };
    // From 1: all zeros is what the cell says.
    (1..ends).filter_map(move |end| OrderId::parse(&format!("{kept}{end:0width$}", width = lost.len())))
}

/// The one order among those that fit which may be proposed: open, and none that the uploader may not know of. `None`
/// when there is no such order, or more than one.
pub fn proposed<'a>(
    fitting: impl IntoIterator<Item = &'a Order>,
    uploader: &Uploader,
) -> Option<&'a OrderId> {
    let may_be_meant = |order: &&Order| uploader.owns(order) && is_open(order);
    let mut meant = fitting.into_iter().filter(may_be_meant);
    let order = meant.next()?;
    meant.next().is_none().then_some(&order.order_id)
}

/// Whether an order still waits for its first number: paid, neither cancelled nor refunded, nothing shipped.
fn is_open(order: &Order) -> bool {
    let is_paid = order
        .statuses
        .last()
        .is_none_or(|change| change.status == OrderStatus::Paid);
    is_paid && order.shipments.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claim;
    use crate::facts::{OrderFact, Stored};
    use crate::{Currency, Money, SellerId, Source};

    fn id(text: &str) -> OrderId {
        OrderId::parse(text).expect("an order id")
    }

    fn order(order_id: &str, seller: &str, status: OrderStatus) -> Order {
        let paid_at = "2024-05-01T00:00:00Z".parse().expect("an instant");
        let fact = OrderFact {
            order_id: id(order_id),
            seller_id: SellerId::parse(seller).expect("a seller"),
            paid_at,
            amount: Money::parse("80.10", Currency::USD).expect("an amount"),
            destination: "US".to_owned(),
            category: None,
            send_deadline: None,
            status,
            status_at: None,
            recorded_at: paid_at,
            source: Source { upload: 1, row: 1 },
        };
        Order::placed(&fact, Vec::new(), &Uploader::Operator).expect("an order in dollars")
    }

    fn paid(order_id: &str, seller: &str) -> Order {
        order(order_id, seller, OrderStatus::Paid)
    }

    #[test]
    fn sixteen_digits_have_nine_other_ends_and_seventeen_ninety_nine() {
        let sixteen = candidates("8000011000000000");
        assert!(sixteen.contains(&id("8000011000000005")) && !sixteen.contains(&id("8000011000000000")));
        // Nine ends, and the zeros that may have stood in front: 17 to 20 digits.
        assert_eq!(sixteen.len(), 9 + 4);
        let seventeen = candidates("80000110000000000");
        assert!(seventeen.contains(&id("80000110000000042")));
        assert_eq!(seventeen.len(), CANDIDATES_MAX);
    }

    #[test]
    fn lost_zeros_are_put_back_up_to_the_longest_id() {
        assert_eq!(
            candidates(" 123456789 ")
                .iter()
                .map(OrderId::as_str)
                .collect::<Vec<_>>(),
            [
                "00000000000123456789",
                "0000000000123456789",
                "000000000123456789",
                "00000000123456789",
                "0000000123456789",
                "000000123456789",
                "00000123456789",
                "0000123456789",
                "000123456789",
                "00123456789",
                "0123456789",
            ]
        );
        assert_eq!(candidates("8000011000000005").len(), 4);
    }

    #[test]
    fn what_is_no_whole_number_has_no_candidate() {
        for cell in [
            "",
            "8.00001E+15",
            "8E15",
            "-8000011000000000",
            "0",
            "0123456789",
            "ORDER-1",
            "8000011000000000.0",
            "800001100000000000000",
            "８０００",
        ] {
            assert!(candidates(cell).is_empty(), "{cell}");
        }
    }

    #[test]
    fn exactly_one_open_order_of_the_uploaders_own_is_proposed() {
        let mine = paid("8000011000000005", "S1");
        let theirs = paid("8000011000000006", "S2");
        let cancelled = order("8000011000000007", "S1", OrderStatus::Cancelled);
        let all = [&mine, &theirs, &cancelled];
        let seller = Uploader::Seller(SellerId::parse("S1").expect("a seller"));
        assert_eq!(proposed(all, &seller), Some(&mine.order_id));
        assert_eq!(proposed(all, &Uploader::Operator), None, "two fit");
        assert_eq!(
            proposed([&theirs], &seller),
            None,
            "another seller's order is never named"
        );
        let mut shipped = mine.clone();
        shipped.shipments.push(crate::Shipment {
            number: crate::TrackingNumber::parse("3318810025").expect("a number"),
            carrier: "dhl".to_owned(),
            claims: vec![Claim {
                uploaded_at: mine.paid_at,
                stored: Stored { at_ms: 0, content: 1 },
                source: mine.source,
                send_type: crate::SendType::All,
            }],
            events: Vec::new(),
            rivals: Vec::new(),
        });
        assert_eq!(proposed([&shipped], &seller), None);
    }
}
