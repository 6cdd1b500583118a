use proptest::prelude::*;

use super::*;
use AmountFault::{Form, Grouping, OtherCurrency, Places, Thousands, TooGreat, TwoReadings};
use DecimalMark::{Comma, Point, Unknown};

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn read(text: &str, code: &str, mark: DecimalMark) -> Result<String, AmountFault> {
    let amount = Money::read(text, currency(code), mark)?;
    let sign = if amount.is_negative { "-" } else { "" };
    Ok(format!("{sign}{}", amount.money))
}

fn readings(small: &str, great: &str) -> Result<String, AmountFault> {
    Err(TwoReadings(small.to_owned(), great.to_owned()))
}

#[test]
fn a_currency_may_stand_on_either_side_if_it_is_the_rows() {
    for (text, code, amount) in [
        ("US $89.90", "USD", "89.90 USD"),
        ("$89.90", "USD", "89.90 USD"),
        ("$89.90", "CAD", "89.90 CAD"),
        ("89.90 USD", "USD", "89.90 USD"),
        ("usd89.90", "USD", "89.90 USD"),
        ("$89.90 USD", "USD", "89.90 USD"),
        ("￥89", "CNY", "89.00 CNY"),
        ("CN￥ 1,231.50", "CNY", "1231.50 CNY"),
        ("CN￥ -98.52", "CNY", "-98.52 CNY"),
        ("-CN￥98.52", "CNY", "-98.52 CNY"),
        ("(98.52)", "CNY", "-98.52 CNY"),
        ("+0.50", "USD", "0.50 USD"),
        ("+ $0.50", "USD", "0.50 USD"),
        ("89元", "CNY", "89.00 CNY"),
        ("89,90 €", "EUR", "89.90 EUR"),
        ("R$ 1.234,56", "BRL", "1234.56 BRL"),
        ("1 234,56 руб.", "RUB", "1234.56 RUB"),
        ("CHF 1'234.50", "CHF", "1234.50 CHF"),
        ("₹1,25,000.00", "INR", "125000.00 INR"),
        ("KWD 1.500", "KWD", "1.500 KWD"),
    ] {
        assert_eq!(read(text, code, Unknown).as_deref(), Ok(amount), "{text}");
    }
    for (text, code, name) in [
        ("US $89.90", "EUR", "US $"),
        ("89.90 EUR", "USD", "EUR"),
        ("€89.90", "USD", "€"),
        ("$89.90", "EUR", "$"),
    ] {
        assert_eq!(
            read(text, code, Unknown),
            Err(OtherCurrency(name.to_owned())),
            "{text}"
        );
    }
}

#[test]
fn what_may_be_a_thousand_times_more_is_asked_unless_the_file_decides() {
    assert_eq!(read("1.500", "EUR", Unknown), readings("1.50 EUR", "1500.00 EUR"));
    // A reading that the currency has not is none.
    for (text, code, amount) in [
        ("1.257", "EUR", "1257.00 EUR"),
        ("1.500", "JPY", "1500 JPY"),
        ("1.500", "KRW", "1500 KRW"),
    ] {
        assert_eq!(
            read(text, code, Unknown),
            Err(Thousands(amount.to_owned())),
            "{text}"
        );
    }
    assert_eq!(
        read("1,500", "KWD", Unknown),
        readings("1.500 KWD", "1500.000 KWD")
    );
    assert_eq!(read("1.000", "JPY", Unknown), readings("1 JPY", "1000 JPY"));
    for (text, code, mark, amount) in [
        ("1.500", "EUR", Point, "1.50 EUR"),
        ("1.500", "EUR", Comma, "1500.00 EUR"),
        ("1,500", "EUR", Point, "1500.00 EUR"),
        ("1,500", "EUR", Comma, "1.50 EUR"),
        ("1,500", "EUR", Unknown, "1500.00 EUR"),
        ("1,500", "KWD", Comma, "1.500 KWD"),
        ("1.500", "KWD", Comma, "1500.000 KWD"),
        ("1.500", "KWD", Unknown, "1.500 KWD"),
        ("1,500", "JPY", Unknown, "1500 JPY"),
        ("0.500", "EUR", Unknown, "0.50 EUR"),
        ("1234.500", "EUR", Unknown, "1234.50 EUR"),
        ("1.500,00", "EUR", Unknown, "1500.00 EUR"),
        ("1.500.000", "EUR", Unknown, "1500000.00 EUR"),
        ("12,50", "EUR", Unknown, "12.50 EUR"),
        ("12.3000", "USD", Unknown, "12.30 USD"),
        ("1 500", "EUR", Unknown, "1500.00 EUR"),
    ] {
        assert_eq!(
            read(text, code, mark).as_deref(),
            Ok(amount),
            "{text} {code} {mark:?}"
        );
    }
    assert_eq!(read("1.257", "EUR", Point), Err(Places));
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in ["", ".", "1.", ".5", "1e3", "5-", "--5", "(5", "5 apples"] {
        assert_eq!(read(text, "USD", Unknown), Err(Form), "{text}");
    }
    for text in ["12,57.69", "1.2.3", "1,,5", "1.5 2", "1.2,3.4", "12 34"] {
        assert_eq!(read(text, "USD", Unknown), Err(Grouping), "{text}");
    }
    assert_eq!(read("1.005,5", "JPY", Unknown), Err(Places));
    assert_eq!(read("9999999999999.00", "USD", Unknown), Err(TooGreat));
    assert_eq!(read(&"1".repeat(AMOUNT_BYTES_MAX + 1), "USD", Unknown), Err(Form));
}

#[test]
fn amounts_show_what_stands_before_their_minor_units() {
    let shown = |texts: &[&str]| {
        let mut marks = DecimalMarks::default();
        texts.iter().for_each(|text| marks.look_at(text));
        (marks.shown(), marks.are_mixed())
    };
    assert_eq!(shown(&["1.500", "25", "1,500", "x", ""]), (Unknown, false));
    assert_eq!(shown(&["1.500", "25.00"]), (Point, false));
    assert_eq!(shown(&["US $1,234,567"]), (Point, false));
    assert_eq!(shown(&["25,5 €"]), (Comma, false));
    assert_eq!(shown(&["1.234.567"]), (Comma, false));
    assert_eq!(shown(&["1 234,50"]), (Comma, false));
    assert_eq!(shown(&["1,50", "1.50"]), (Unknown, true));
}

/// The digits of an amount written with these signs.
fn spelled(units: i64, minor: Option<(i64, usize)>, group: &str, mark: &str) -> String {
    let digits = units.to_string();
    let first = (digits.len() + 2) % GROUP_DIGITS + 1;
    let (mut text, mut rest) = digits.split_at(first.min(digits.len()));
    let mut written = text.to_owned();
    while !rest.is_empty() {
        (text, rest) = rest.split_at(GROUP_DIGITS);
        written += group;
        written += text;
    }
    if let Some((minor, places)) = minor {
        written += &format!("{mark}{minor:0places$}");
    }
    written
}

proptest! {
    /// Whatever is around an amount and however it is grouped, it is read as itself or asked: never as another one.
    #[test]
    fn an_amount_is_read_as_itself_or_asked(
        units in 0_i64..100_000_000,
        minor in 0_i64..1_000,
        code in prop::sample::select(vec!["USD", "JPY", "KWD", "EUR"]),
        is_comma in any::<bool>(),
        group in prop::sample::select(vec!["", "own", " ", "'"]),
        has_places in any::<bool>(),
        around in prop::sample::select(vec!["{}", "CODE {}", "{} CODE", "CODE{}"]),
        knows in any::<bool>(),
    ) {
        let currency = currency(code);
        let exponent = currency.exponent();
        let unit = 10_i64.pow(exponent);
        let minor = (has_places && exponent > 0).then_some((minor % unit, exponent as usize));
        let (mark, own, shown) = if is_comma { (",", ".", Comma) } else { (".", ",", Point) };
        let text = spelled(units, minor, if group == "own" { own } else { group }, mark);
        let text = around.replace("CODE", code).replace("{}", &text);
        let amount = Money { minor: units * unit + minor.map_or(0, |(minor, _)| minor), currency };
        match Money::read(&text, currency, if knows { shown } else { Unknown }) {
            Ok(read) => {
                // Without the file's word a comma before three digits groups and a point before three places does not.
                let is_sure = knows || read.money == amount;
                let by_convention = !is_comma || group != "own";
                prop_assert!(read.money == amount || !is_sure && !by_convention, "{text}: {:?}", read.money);
            }
            Err(TwoReadings(small, great)) => {
                let itself = amount.to_string();
                prop_assert!(!knows && (small == itself || great == itself), "{text}: {small} {great}");
            }
            Err(fault) => prop_assert!(false, "{text}: {fault:?}"),
        }
    }

    /// Where the general way reads what the strict one reads, they agree, whatever the file shows of an unambiguous cell.
    #[test]
    fn plain_amounts_are_read_alike_everywhere(units in 1_000_i64..1_000_000, minor in 0_i64..100) {
        let text = format!("{units}.{minor:02}");
        for mark in [Unknown, Point, Comma] {
            let read = Money::read(&text, Currency::USD, mark).map(|amount| amount.money);
            prop_assert_eq!(read.ok(), Money::parse(&text, Currency::USD));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,12}|[0-9.,' $€-]{0,12}") {
        for mark in [Unknown, Point, Comma] {
            let _ = Money::read(&text, Currency::USD, mark);
        }
        DecimalMarks::default().look_at(&text);
    }
}
