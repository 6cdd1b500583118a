//! What an upload states of all its rows, for columns that its file lacks: the shop, the currency.

use domain::code::FileCode;
use domain::{Currency, SellerId};

use crate::{Column, FileError};

/// Values for columns that a file lacks. A column that the file has is read as it is, empty cells included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    shop: Option<SellerId>,
    currency: Option<Currency>,
}

impl Filled {
    /// The two, as they were read.
    pub fn new(shop: Option<SellerId>, currency: Option<Currency>) -> Self {
        Self { shop, currency }
    }

    /// What an upload's metadata states.
    ///
    /// # Errors
    /// `HEADER_MISSING` for a text that is no shop or no currency: rows would be filled with it.
    pub fn parse(shop: Option<&str>, currency: Option<&str>) -> Result<Self, FileError> {
        let shop = shop.map(|text| SellerId::parse(text.trim()).ok_or_else(|| refused("shop", "店铺", text)));
        let currency =
            currency.map(|text| Currency::named(text).ok_or_else(|| refused("currency", "币种", text)));
        Ok(Self::new(shop.transpose()?, currency.transpose()?))
    }

    /// The command's option that states such a column; `None` where a file must have it.
    pub(crate) fn option(column: Column) -> Option<&'static str> {
        match column {
            Column::SellerId => Some("--shop"),
            Column::Currency => Some("--currency"),
            _ => None,
        }
    }

    /// What fills a column.
    pub(crate) fn value(&self, column: Column) -> Option<&str> {
        match column {
            Column::SellerId => self.shop.as_ref().map(SellerId::as_str),
            Column::Currency => self.currency.as_ref().map(Currency::as_str),
            _ => None,
        }
    }
}

fn refused(what_en: &str, what_zh: &str, text: &str) -> FileError {
    let text: String = text.chars().take(40).collect();
    let detail = format!(
        "the upload states \"{text}\" as the {what_en} of its rows, which is none | 上传时注明的{what_zh}“{text}”无效"
    );
    FileError::new(FileCode::HeaderMissing, detail)
}
