//! Rows of `orders` files.

use domain::facts::OrderFact;
use domain::order::OrderStatus;
use domain::{Money, RowCode, SellerId, country};

use crate::Column;
use crate::check::{Reading, Remark, Trust};
use crate::status::{StatedStatus, status_of};
use crate::times::Favours;

/// Characters of a category, at most: it becomes part of a small item, and C3 wants it whole.
const CATEGORY_CHARACTERS_MAX: usize = 200;

pub(crate) fn read(row: &mut Reading<'_>) -> Option<OrderFact> {
    let stated = stated_status(row);
    if stated == Some(StatedStatus::Unpaid) && row.given(Column::PaidAt).is_none() {
        row.pass_over(Remark::Unpaid);
        return None;
    }
    let order_id = row.order_id();
    let seller_id = seller(row);
    // The later reading of an ambiguous time gives the seller the longer deadlines.
    let paid_at = row.required_past_time(Column::PaidAt, Favours::Later);
    let amount = amount(row);
    let destination = destination(row);
    let category = category(row);
    let send_deadline = row.time(Column::SendDeadline, Favours::Earlier);
    let status = status(row, stated);
    let status_at = row.past_time(Column::StatusAt, Favours::Earlier);
    // What does not decide says nothing, and says it of no instant.
    let status_at = status_at.filter(|_| stated != Some(StatedStatus::Undecided));
    if row.has_errors() {
        return None;
    }
    Some(OrderFact {
        order_id: order_id?,
        seller_id: seller_id?,
        paid_at: paid_at?,
        amount: amount?,
        destination: destination?,
        category,
        send_deadline,
        status: status?,
        status_at,
        recorded_at: row.context.recorded_at,
        source: row.source(),
    })
}

/// The shop; under a seller's own prefix no other's orders are taken.
fn seller(row: &mut Reading<'_>) -> Option<SellerId> {
    let text = row.required(Column::SellerId)?;
    let seller_id = SellerId::parse(&text);
    match (&seller_id, &row.context.trust) {
        (None, _) => row.find(RowCode::TypeInvalid, Column::SellerId),
        (Some(named), Trust::Seller(own)) if named != own => {
            // About the order, whose number the message quotes.
            row.find(RowCode::OrderOtherSeller, Column::OrderId);
        }
        _ => {}
    }
    seller_id
}

fn amount(row: &mut Reading<'_>) -> Option<Money> {
    let text = row.required(Column::Amount);
    // An amount cannot be told from a slip without its currency's places.
    let currency = row.currency()?;
    row.amount_of(&text?, currency)
}

fn destination(row: &mut Reading<'_>) -> Option<String> {
    let text = row.required(Column::DestinationCountry)?;
    let code = country::meant(&text);
    if code.is_none() {
        row.find(RowCode::DestUnknown, Column::DestinationCountry);
    }
    code.map(str::to_owned)
}

fn category(row: &mut Reading<'_>) -> Option<String> {
    let text = row.given(Column::Category)?;
    if text.chars().count() > CATEGORY_CHARACTERS_MAX {
        let max = CATEGORY_CHARACTERS_MAX;
        row.find_with(
            RowCode::TypeInvalid,
            Column::Category,
            format!("at most {max} characters | 最多 {max} 个字符"),
        );
    }
    Some(text.into_owned())
}

/// What the row says of the order's status; nothing means paid. `None` for a word that nobody knows.
fn stated_status(row: &mut Reading<'_>) -> Option<StatedStatus> {
    match row.given(Column::Status) {
        Some(text) => status_of(&text),
        None => Some(StatedStatus::Decided(OrderStatus::Paid)),
    }
}

fn status(row: &mut Reading<'_>, stated: Option<StatedStatus>) -> Option<OrderStatus> {
    match stated {
        Some(StatedStatus::Decided(status)) => Some(status),
        // An order is known as paid at first, and to state that without an instant changes nothing of one that is not.
        Some(StatedStatus::Undecided) => {
            row.remark(Remark::StatusUndecided);
            Some(OrderStatus::Paid)
        }
        Some(StatedStatus::Unpaid) => Some(OrderStatus::Paid),
        None => {
            row.find_with(
                RowCode::TypeInvalid,
                Column::Status,
                "paid, cancelled or refunded | paid、cancelled 或 refunded",
            );
            None
        }
    }
}
