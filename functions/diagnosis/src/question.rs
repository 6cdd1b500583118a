//! What a clerk types: a tracking number or an order's id, read as a cell of a file is read.

use domain::carrier::CarrierTable;
use domain::{Finding, OrderId, RowCode, TrackingNumber};
use intake::Column;
use intake::cell::clean_for;

/// Characters of a question, at most: the longest number, with a space behind each of its characters.
pub(crate) const CHARACTERS_MAX: usize = 100;

/// A question that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// As it was typed, without what surrounds it.
    pub text: String,
    /// The number that it is, or was meant to be.
    pub number: Option<TrackingNumber>,
    /// The order's id that it may be.
    pub order_id: Option<OrderId>,
    /// What is wrong with it as a number (A2).
    pub fault: Option<Finding>,
}

/// A question that cannot be answered, in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuestion {
    /// Nothing was asked.
    #[error("ask for one tracking number or one order id")]
    Empty,
    /// Longer than any number.
    #[error(
        "the question has more than {CHARACTERS_MAX} characters; ask for one tracking number or one order id"
    )]
    TooLong,
    /// It holds what nobody types.
    #[error("the question holds control characters; type the tracking number or the order id")]
    Control,
    /// A spreadsheet would run it, or there is no letter or digit in it.
    #[error("the question is a formula or has no letter or digit; type the tracking number or the order id")]
    NoNumber,
}

impl BadQuestion {
    /// The sentence in Chinese; `Display` has it in English.
    pub fn zh(self) -> String {
        match self {
            Self::Empty => "请输入一个运单号或订单号".to_owned(),
            Self::TooLong => format!("输入超过 {CHARACTERS_MAX} 个字符；请只输入一个运单号或订单号"),
            Self::Control => "输入含有控制字符；请直接输入运单号或订单号".to_owned(),
            Self::NoNumber => "输入是公式或不含字母数字；请直接输入运单号或订单号".to_owned(),
        }
    }
}

impl Question {
    /// Reads a question by the carriers of a policy. What sellers' tools wrap around a number is undone, as in a file; what is wrong with the number
    /// itself is part of the diagnosis.
    ///
    /// # Errors
    /// [`BadQuestion`] for what cannot be meant as one number or id.
    pub fn parse(typed: &str, table: &CarrierTable) -> Result<Self, BadQuestion> {
        if typed.chars().nth(CHARACTERS_MAX).is_some() {
            return Err(BadQuestion::TooLong);
        }
        let (cleaned, _) = clean_for(Column::TrackingNumber, typed.trim());
        let text = cleaned.trim();
        if text.is_empty() {
            return Err(BadQuestion::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(BadQuestion::Control);
        }
        if text.starts_with(['=', '+', '@']) || !text.chars().any(char::is_alphanumeric) {
            return Err(BadQuestion::NoNumber);
        }
        let fault = intake::fault_of_number(text, table);
        // Spaces, and other text around the one number, leave no doubt what was meant.
        let bare = intake::bare_number(text, None, table);
        let meant = match (&bare, &fault) {
            (Some(bare), _) => bare.as_str(),
            (None, Some(fault)) if fault.code == RowCode::NumWhitespace => fault.proposal.as_str(),
            (None, Some(_)) => "",
            (None, None) => text,
        };
        let number = TrackingNumber::parse(meant);
        Ok(Self {
            text: text.to_owned(),
            order_id: OrderId::parse(meant),
            fault: fault.or_else(|| fault_of_value(text, number.as_ref(), table)),
            number,
        })
    }
}

/// What is wrong with a number that is written as one: characters that none has, or a zero that a spreadsheet dropped.
fn fault_of_value(text: &str, number: Option<&TrackingNumber>, table: &CarrierTable) -> Option<Finding> {
    let column = Column::TrackingNumber.as_str();
    let Some(number) = number else {
        let advice = table.advice(None, text);
        return Some(Finding::new(RowCode::NumFormat, column, text).with_detail(advice));
    };
    if !table.fits(number.as_str()).is_empty() {
        return None;
    }
    let mut carriers = table.carriers();
    let whole = carriers.find_map(|carrier| intake::with_lost_zero(number.as_str(), carrier))?;
    Some(Finding::new(RowCode::NumLeadingZeroLost, column, text).with_proposal(&whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Question {
        Question::parse(typed, CarrierTable::shipped()).expect("a question")
    }

    #[test]
    fn a_number_is_read_as_a_cell_is() {
        for typed in [
            "3318810025",
            " 3318810025 ",
            "=\"3318810025\"",
            "'3318810025",
            "３３１８８１００２５",
            "3318810025.0",
        ] {
            let question = read(typed);
            assert_eq!(question.number, TrackingNumber::parse("3318810025"), "{typed}");
            assert_eq!(question.fault, None, "{typed}");
        }
    }

    #[test]
    fn spaces_are_a_fault_of_a_number_that_is_still_known() {
        let question = read("33188 10025");
        assert_eq!(
            question.fault.map(|fault| fault.code),
            Some(RowCode::NumWhitespace)
        );
        assert_eq!(question.number, TrackingNumber::parse("3318810025"));
    }

    #[test]
    fn a_number_among_other_text_is_found() {
        for typed in [
            "DHL 3318810025",
            "33188-10025",
            "运单号：3318810025",
            "https://t.17track.net/en#nums=3318810025",
        ] {
            assert_eq!(read(typed).number, TrackingNumber::parse("3318810025"), "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_has_its_fault_and_no_guess() {
        for (typed, code) in [
            ("8.00001E+15", RowCode::NumScientific),
            ("3318810025, 3318810036", RowCode::NumMultiple),
            ("三三一八", RowCode::NumFormat),
        ] {
            let question = read(typed);
            assert_eq!(question.fault.map(|fault| fault.code), Some(code), "{typed}");
            assert_eq!(question.number, None, "{typed}");
        }
    }

    #[test]
    fn what_nobody_can_mean_is_refused_in_a_sentence() {
        let parse = |typed: &str| Question::parse(typed, CarrierTable::shipped());
        for (typed, refused) in [
            ("", BadQuestion::Empty),
            (" \t ", BadQuestion::Empty),
            ("…", BadQuestion::NoNumber),
            ("=cmd|'/c calc'!A0", BadQuestion::NoNumber),
            ("@SUM(1)", BadQuestion::NoNumber),
            ("3318\u{1b}[31m810025", BadQuestion::Control),
        ] {
            assert_eq!(parse(typed), Err(refused), "{typed:?}");
        }
        assert_eq!(
            parse(&"1".repeat(100)).map(|question| question.text.len()),
            Ok(100)
        );
        assert_eq!(parse(&"1".repeat(101)), Err(BadQuestion::TooLong));
        assert!(
            BadQuestion::TooLong.to_string().contains("100") && BadQuestion::TooLong.zh().contains("100")
        );
    }
}
