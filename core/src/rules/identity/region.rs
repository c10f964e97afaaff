//! Administrative divisions by GB/T 2260: six digits, two each for province, prefecture and county.
//!
//! What enters is a code; what leaves is a region whose province is known, and which can say what it contains.
//! The thousands of prefectures and counties are not listed: their codes change every year, and a rulebook or
//! a server that needs them brings its own list.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Text, half_width};

/// A division of the first level: province, autonomous region, municipality or special administrative region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Province {
    /// The first two digits of the division's codes, 11 to 82.
    pub code: u32,
    /// Full name in Chinese, as in GB/T 2260.
    pub name_zh: &'static str,
    /// Customary short name in English.
    pub name_en: &'static str,
}

const fn province(code: u32, name_zh: &'static str, name_en: &'static str) -> Province {
    Province { code, name_zh, name_en }
}

/// The 34 divisions of the first level (GB/T 2260), in the order of their codes.
pub const PROVINCES: &[Province] = &[
    province(11, "北京市", "Beijing"),
    province(12, "天津市", "Tianjin"),
    province(13, "河北省", "Hebei"),
    province(14, "山西省", "Shanxi"),
    province(15, "内蒙古自治区", "Inner Mongolia"),
    province(21, "辽宁省", "Liaoning"),
    province(22, "吉林省", "Jilin"),
    province(23, "黑龙江省", "Heilongjiang"),
    province(31, "上海市", "Shanghai"),
    province(32, "江苏省", "Jiangsu"),
    province(33, "浙江省", "Zhejiang"),
    province(34, "安徽省", "Anhui"),
    province(35, "福建省", "Fujian"),
    province(36, "江西省", "Jiangxi"),
    province(37, "山东省", "Shandong"),
    province(41, "河南省", "Henan"),
    province(42, "湖北省", "Hubei"),
    province(43, "湖南省", "Hunan"),
    province(44, "广东省", "Guangdong"),
    province(45, "广西壮族自治区", "Guangxi"),
    province(46, "海南省", "Hainan"),
    province(50, "重庆市", "Chongqing"),
    province(51, "四川省", "Sichuan"),
    province(52, "贵州省", "Guizhou"),
    province(53, "云南省", "Yunnan"),
    province(54, "西藏自治区", "Tibet"),
    province(61, "陕西省", "Shaanxi"),
    province(62, "甘肃省", "Gansu"),
    province(63, "青海省", "Qinghai"),
    province(64, "宁夏回族自治区", "Ningxia"),
    province(65, "新疆维吾尔自治区", "Xinjiang"),
    province(71, "台湾省", "Taiwan"),
    province(81, "香港特别行政区", "Hong Kong"),
    province(82, "澳门特别行政区", "Macao"),
];

/// Address code of Taiwan residents who hold a residence permit. It is no code of GB/T 2260: the State Council's
/// measures on residence permits for Hong Kong, Macao and Taiwan residents (国办发〔2018〕81号, article 3) assign
/// 810000, 820000 and 830000 to the identity numbers of the three.
const TAIWAN_PERMIT: Province = province(83, "台湾省", "Taiwan");

/// The division of the first level with these two digits.
pub(super) fn province_of(prefix: u32) -> Option<&'static Province> {
    PROVINCES.iter().find(|province| province.code == prefix)
}

/// The division named by the first two digits of an identity number: those of GB/T 2260, and 83.
pub(super) fn issuing_division(prefix: u32) -> Option<&'static Province> {
    province_of(prefix).or_else(|| (prefix == TAIWAN_PERMIT.code).then_some(&TAIWAN_PERMIT))
}

/// Why a text or number is no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RegionReason {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// A character is no digit.
    #[error("holds a character other than digits")]
    Characters,
    /// There are not six digits.
    #[error("has not six digits")]
    Length,
    /// The first two digits name no division of the first level.
    #[error("names no known division")]
    UnknownDivision,
}

impl RegionReason {
    /// Stable kebab-case identifier.
    pub fn id(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Characters => "characters",
            Self::Length => "length",
            Self::UnknownDivision => "unknown-division",
        }
    }
}

/// A division by its six-digit code: a county (330102), or with trailing zeros a whole prefecture (330100) or
/// province (330000). Serialises as six digits in a string.
///
/// `Debug` shows the code, since regions also scope public rules; a resident's `Identity` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Region {
    code: u32,
    province: &'static Province,
}

impl Region {
    /// Reads six digits, ASCII or full-width, with white space around them.
    pub fn parse(text: &str) -> Result<Self, RegionReason> {
        let digits: String = text.trim().chars().map(half_width).collect();
        if digits.is_empty() {
            return Err(RegionReason::Empty);
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RegionReason::Characters);
        }
        if digits.len() != 6 {
            return Err(RegionReason::Length);
        }
        digits.parse().map_err(|_| RegionReason::Length).and_then(Self::from_code)
    }

    /// The region with this code, a number of six digits.
    pub fn from_code(code: u32) -> Result<Self, RegionReason> {
        if code > 999_999 {
            return Err(RegionReason::Length);
        }
        let province = province_of(code / 10_000).ok_or(RegionReason::UnknownDivision)?;
        Ok(Self { code, province })
    }

    /// The six-digit code as a number.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The six digits.
    pub fn digits(&self) -> String {
        format!("{:06}", self.code)
    }

    /// The division of the first level this region belongs to.
    pub fn province(&self) -> Province {
        *self.province
    }

    /// Whether `other` is this region or lies within it: 330000 contains 330100, which contains 330102.
    pub fn contains(&self, other: &Self) -> bool {
        let width = self.width();
        self.code / width == other.code / width
    }

    /// How many codes this region spans: the power of a hundred that its trailing pairs of zeros leave open.
    fn width(&self) -> u32 {
        [10_000, 100].into_iter().find(|width| self.code.is_multiple_of(*width)).unwrap_or(1)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({:06})", self.code)
    }
}

impl TryFrom<u32> for Region {
    type Error = RegionReason;

    fn try_from(code: u32) -> Result<Self, Self::Error> {
        Self::from_code(code)
    }
}

impl TryFrom<Text> for Region {
    type Error = RegionReason;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        Self::parse(&text.0)
    }
}

impl From<Region> for Text {
    fn from(region: Region) -> Self {
        Self(region.digits())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn region(code: u32) -> Region {
        Region::from_code(code).unwrap()
    }

    #[test]
    fn a_province_contains_its_prefectures_and_they_their_counties() {
        let (province, prefecture, county) = (region(330_000), region(330_100), region(330_102));
        assert!(province.contains(&prefecture) && prefecture.contains(&county) && province.contains(&county));
        assert!(county.contains(&county));
        assert!(!county.contains(&prefecture) && !prefecture.contains(&province));
        assert!(!prefecture.contains(&region(330_200)) && !province.contains(&region(340_100)));
        // The second pair ends in a zero digit, which is no zero pair.
        assert!(!region(331_000).contains(&region(331_100)));
    }

    #[test]
    fn each_malformed_code_has_its_reason() {
        assert_eq!(Region::parse("  "), Err(RegionReason::Empty));
        assert_eq!(Region::parse("33010a"), Err(RegionReason::Characters));
        assert_eq!(Region::parse("+33010"), Err(RegionReason::Characters));
        assert_eq!(Region::parse("33010"), Err(RegionReason::Length));
        assert_eq!(Region::parse("830000"), Err(RegionReason::UnknownDivision));
        assert_eq!(Region::from_code(1_330_100), Err(RegionReason::Length));
        assert_eq!(Region::from_code(33), Err(RegionReason::UnknownDivision));
        assert_eq!(Region::parse("３３０１００"), Ok(region(330_100)));
    }

    #[test]
    fn the_table_holds_each_of_the_34_divisions_once_and_in_order() {
        assert_eq!(PROVINCES.len(), 34);
        assert!(PROVINCES.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(region(810_000).province().name_en, "Hong Kong");
    }

    #[test]
    fn a_region_is_six_digits_in_a_string_on_the_wire() {
        assert_eq!(serde_json::to_string(&region(330_100)).unwrap(), "\"330100\"");
        assert_eq!(serde_json::from_str::<Region>("\"330100\"").unwrap(), region(330_100));
        assert!(serde_json::from_str::<Region>("330100").is_err());
    }

    /// Codes close enough to each other for containment to happen.
    fn any_region() -> impl Strategy<Value = Region> {
        let pair = || prop_oneof![Just(0), 0..3_u32, 0..100_u32];
        (prop_oneof![Just(33_u32), Just(34)], pair(), pair())
            .prop_map(|(a, b, c)| region(a * 10_000 + b * 100 + c))
    }

    proptest! {
        #[test]
        fn containment_is_transitive(a in any_region(), b in any_region(), c in any_region()) {
            prop_assert!(!(a.contains(&b) && b.contains(&c)) || a.contains(&c));
        }

        #[test]
        fn regions_that_contain_each_other_are_one(a in any_region(), b in any_region()) {
            prop_assert_eq!(a.contains(&b) && b.contains(&a), a == b);
        }
    }
}
