//! Amounts and currencies of a row: symbols and names as people write them, never an amount that may be another one.

use domain::code::{Cause, RowCode};
use domain::money::{AmountFault, DecimalMark, UNITS_MAX, WrittenAmount};
use domain::{Currency, Money};

use crate::cell::Undone;
use crate::check::Reading;
use crate::{CellMark, Column};

impl Reading<'_> {
    /// The amount of a cell in its row's currency, which may not be negative. `AMOUNT_INVALID` where it is none.
    pub(crate) fn amount_of(&mut self, text: &str, currency: Currency) -> Option<Money> {
        let amount = self.signed_amount_of(text, currency)?;
        if amount.minor < 0 {
            self.find_because(RowCode::AmountInvalid, Column::Amount, Cause::Negative, "");
            return None;
        }
        Some(amount)
    }

    /// As [`Reading::amount_of`], of what may be given back as well.
    pub(crate) fn signed_amount_of(&mut self, text: &str, currency: Currency) -> Option<Money> {
        match Money::read(text, currency, self.decimal_mark()) {
            Ok(amount) => {
                self.note_amount(&amount);
                let sign = if amount.is_negative { -1 } else { 1 };
                Some(Money {
                    minor: sign * amount.money.minor,
                    currency,
                })
            }
            Err(fault) => {
                match reason(&fault, currency) {
                    Some((cause, detail)) => {
                        self.find_because(RowCode::AmountInvalid, Column::Amount, cause, detail);
                    }
                    None => self.find(RowCode::AmountInvalid, Column::Amount),
                }
                None
            }
        }
    }

    /// What stands before minor units: of a spreadsheet's own number always a point, else as the file's amounts show.
    fn decimal_mark(&self) -> DecimalMark {
        if self.is_marked(Column::Amount, CellMark::Number) {
            DecimalMark::Point
        } else {
            self.columns().decimal_mark()
        }
    }

    fn note_amount(&mut self, amount: &WrittenAmount) {
        if amount.names_currency {
            self.note(Undone::CURRENCY_NAME);
        }
        if amount.is_respelled {
            self.note(Undone::DECIMAL_COMMA);
        }
    }

    /// A currency that must be there: its code in any case, or a name of no other.
    pub(crate) fn currency(&mut self) -> Option<Currency> {
        let text = self.required(Column::Currency)?;
        self.currency_of(&text)
    }

    /// The currency that a cell means; `CURRENCY_UNKNOWN` where it is none or several.
    pub(crate) fn currency_of(&mut self, text: &str) -> Option<Currency> {
        let code = Currency::parse(text);
        if code.is_some() {
            return code;
        }
        let currency = Currency::named(text);
        if currency.is_none() {
            let several: Vec<String> = Currency::all_named(text)
                .iter()
                .map(Currency::to_string)
                .collect();
            self.find_with(RowCode::CurrencyUnknown, Column::Currency, several.join(" / "));
        }
        currency
    }
}

/// Which reason it is, with what its texts add; `None` where the cell is simply no amount.
fn reason(fault: &AmountFault, currency: Currency) -> Option<(Cause, String)> {
    let reason = match fault {
        AmountFault::Form => return None,
        AmountFault::Grouping => (Cause::Grouping, String::new()),
        AmountFault::OtherCurrency(name) => (
            Cause::OtherCurrency,
            format!(
                "it names {name}, the currency column says {currency} | 金额写的是 {name}，币种列却是 {currency}"
            ),
        ),
        AmountFault::Places => (
            Cause::Places,
            match currency.exponent() {
                0 => format!("{currency} has no decimals | {currency} 没有小数位"),
                places => format!("{currency} has {places} decimals | {currency} 只有 {places} 位小数"),
            },
        ),
        AmountFault::TooGreat => (Cause::TooGreat, format!("{UNITS_MAX} {currency}")),
        AmountFault::TwoReadings(small, great) => (
            Cause::TwoReadings,
            format!("{small} or {great} | {small} 或 {great}"),
        ),
        AmountFault::Thousands(great) => (Cause::Thousands, great.clone()),
    };
    Some(reason)
}
