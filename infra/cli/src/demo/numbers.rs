//! Numbers of the demo's parcels and papers: made up, with right check digits, never repeated.

/// A DHL number: nine digits and their remainder by 7.
pub(super) fn dhl(serial: u64) -> String {
    let nine = 300_000_000 + serial % 600_000_000;
    format!("{nine}{}", nine % 7)
}

/// A China Post number: UPU S10, eight digits and their weighted check digit.
pub(super) fn china_post(serial: u64) -> String {
    let eight = format!("{:08}", 10_000_000 + serial % 80_000_000);
    let weights = [8, 6, 4, 2, 3, 5, 9, 7];
    let sum: u32 = eight
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("RB{eight}{check}CN")
}

/// A YunExpress number.
pub(super) fn yun_express(serial: u64) -> String {
    format!("YT24{:014}", 7_000_000_000_u64 + serial * 7_919)
}

/// A Russian INN of ten digits.
pub(super) fn inn(serial: u64) -> String {
    let nine = format!("{}", 770_000_000 + serial % 9_000_000);
    let weights = [2, 4, 10, 3, 5, 9, 4, 6, 8];
    let sum: u32 = nine
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{nine}{}", sum % 11 % 10)
}

#[cfg(test)]
mod tests {
    use domain::carrier::{CarrierTable, CheckDigit};
    use domain::papers::{TaxIdVerdict, judge_tax_id};

    use super::*;

    #[test]
    fn the_demos_numbers_are_valid_and_distinct() {
        let carriers = CarrierTable::shipped();
        let judge = |name: &str, number: &str| carriers.find(name).and_then(|carrier| carrier.judge(number));
        for serial in 0..500 {
            assert_eq!(judge("DHL", &dhl(serial)), Some(CheckDigit::Valid));
            assert_eq!(judge("China Post", &china_post(serial)), Some(CheckDigit::Valid));
            assert!(judge("YunExpress", &yun_express(serial)).is_some());
            assert_eq!(judge_tax_id("RU", &inn(serial)), Some(TaxIdVerdict::Valid));
            assert_ne!(yun_express(serial), yun_express(serial + 1));
        }
    }
}
