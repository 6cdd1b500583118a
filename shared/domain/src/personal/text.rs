//! Telephone numbers, tax ids, mail addresses and names in texts: they are neither kept nor quoted.

use std::borrow::Cow;

use super::is_tax_id;

/// Digits that make a telephone number, at least. Carriers' codes have fewer.
const TELEPHONE_DIGITS_MIN: usize = 7;

/// What stands before a name or a telephone number.
const MARKERS: &[&str] = &[
    "联系电话",
    "联系人",
    "电话",
    "手机",
    "姓名",
    "快递员",
    "派件员",
    "派送员",
    "投递员",
    "揽投员",
    "揽收员",
    "收派员",
    "业务员",
    "配送员",
    "收件人",
    "签收人",
    "代收人",
    "交给",
    "signed for by",
    "signed by",
    "received by:",
    "recipient:",
    "courier:",
    "driver:",
    "phone",
    "tel:",
    "tel.",
    "收货人",
    "寄件人",
    "发件人",
    "送至",
    "consignee:",
    "addressee:",
    "received by",
    "accepted by",
    "collected by",
    "picked up by",
    "delivered to",
    "handed to",
    "handed over to",
    "released to",
    "given to",
    "left with",
    "signature:",
    "signee:",
    "name:",
    "address:",
    "destinatario:",
    "destinatário:",
    "entregue a ",
    "entregue para",
    "recebido por",
    "assinado por",
    "entregado a ",
    "recibido por",
    "firmado por",
    "remis à",
    "livré à",
    "signé par",
    "zugestellt an",
    "übergeben an",
    "unterschrieben von",
    "получатель",
    "вручено",
    "вручен ",
    "телефон",
];

/// What ends a name.
const NAME_ENDS: &str = ",，。;；、()（）[]【】\n";

/// A text without what it says of persons: runs of seven digits and more (blanks and what separates groups of digits count
/// not), tax ids with letters, mail addresses, and what follows a word like 派件员 or "signed by", up to the next
/// punctuation. Everything else stays, in its place; a `*` stands for each character that does not.
///
/// A name that no such word announces has no shape and stays. Not for codes that a table knows: they are nobody's.
pub fn without_personal_data(text: &str) -> Cow<'_, str> {
    let mut letters: Vec<char> = text.chars().collect();
    mask_names(&mut letters);
    mask_words(&mut letters);
    mask_telephones(&mut letters);
    let masked: String = letters.into_iter().collect();
    if masked == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(masked)
    }
}

fn mask_names(letters: &mut [char]) {
    let mut at = 0;
    while at < letters.len() {
        let Some(mut from) = after_marker(letters, at) else {
            at += 1;
            continue;
        };
        // 揽投员姓名：… has two markers before its one name.
        loop {
            let is_gap = |letter: &char| letter.is_whitespace() || matches!(letter, ':' | '：');
            from += letters[from..].iter().take_while(|letter| is_gap(letter)).count();
            match after_marker(letters, from) {
                Some(further) => from = further,
                None => break,
            }
        }
        at = from;
        while at < letters.len() && !NAME_ENDS.contains(letters[at]) {
            if letters[at].is_alphanumeric() {
                letters[at] = '*';
            }
            at += 1;
        }
    }
}

/// Where the marker that stands at this place ends.
fn after_marker(letters: &[char], at: usize) -> Option<usize> {
    let stands = |marker: &str| {
        let length = marker.chars().count();
        let written = letters.get(at..at + length)?;
        let mut pairs = written.iter().zip(marker.chars());
        pairs
            .all(|(letter, wanted)| letter.eq_ignore_ascii_case(&wanted))
            .then_some(at + length)
    };
    MARKERS.iter().find_map(|marker| stands(marker))
}

/// Mail addresses, and tax ids in which letters stand among the digits.
fn mask_words(letters: &mut [char]) {
    let is_end =
        |letter: &char| letter.is_whitespace() || NAME_ENDS.contains(*letter) || matches!(letter, ':' | '：');
    for word in letters.split_mut(is_end) {
        let text: String = word.iter().collect();
        if text.contains('@') || is_tax_id(&text) {
            hide(word);
        }
    }
}

fn hide(letters: &mut [char]) {
    for letter in letters.iter_mut().filter(|letter| letter.is_alphanumeric()) {
        *letter = '*';
    }
}

fn mask_telephones(letters: &mut [char]) {
    let mut at = 0;
    while at < letters.len() {
        let within = |letter: &char| {
            letter.is_numeric() || matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')' | '+' | '（' | '）')
        };
        let end = at + letters[at..].iter().take_while(|letter| within(letter)).count();
        let digits = letters[at..end]
            .iter()
            .filter(|letter| letter.is_numeric())
            .count();
        if digits >= TELEPHONE_DIGITS_MIN {
            for letter in letters[at..end].iter_mut().filter(|letter| letter.is_numeric()) {
                *letter = '*';
            }
        }
        at = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_and_names_are_masked() {
        for (text, masked) in [
            (
                "快件交给张三,正在派送途中(电话:13800138000)",
                "快件交给**,正在派送途中(电话:***********)",
            ),
            ("揽投员姓名：李四,联系电话:", "揽投员姓名：**,联系电话:"),
            (
                "Delivered - Signed for by J SMITH",
                "Delivered - Signed for by * *****",
            ),
            ("call 138 0013-8000 now", "call *** ****-**** now"),
            ("１３８００１３８０００", "***********"),
            ("call +55 (11) 98765-4321", "call +** (**) *****-****"),
            ("CNPJ 11.222.333/0001-81", "CNPJ **.***.***/****-**"),
            ("RFC GODE561231GR8, ok", "RFC *************, ok"),
            ("mail ana.souza@example.com", "mail ***.*****@*******.***"),
            (
                "Delivered to MARIA SOUZA, front door",
                "Delivered to ***** *****, front door",
            ),
            ("Entregue a João", "Entregue a ****"),
        ] {
            assert_eq!(without_personal_data(text), masked, "{text}");
        }
    }

    #[test]
    fn codes_and_places_stay() {
        for text in [
            "77123",
            "FIREBAUGH, CA 93622",
            "GTMS_SIGNED",
            "离开苏州市 发往纽约",
            "",
        ] {
            assert!(matches!(without_personal_data(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_telephone_number_is_left(text in "[0-9a-z -]{0,12}[0-9]{7,12}[a-z,]{0,4}") {
            let masked = without_personal_data(&text);
            let runs = masked.split(|letter: char| !letter.is_ascii_digit());
            let longest = runs.map(str::len).max();
            proptest::prop_assert!(longest < Some(TELEPHONE_DIGITS_MIN));
        }
    }
}
