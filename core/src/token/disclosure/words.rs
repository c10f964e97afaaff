//! The words: what each thing in a code is, and what somebody can do with it. What can be linked is said, not hidden.

use super::DisclosureKind;
use crate::rules::colour::Colour;
use crate::rules::text::Text;
use crate::token::code_text::Foreign;

pub(super) fn colour(colour: Colour) -> Text {
    match colour {
        Colour::Green => Text::new("绿", "green"),
        Colour::Yellow => Text::new("黄", "yellow"),
        Colour::Red => Text::new("红", "red"),
    }
}

pub(super) fn summary(kind: DisclosureKind) -> Text {
    let (zh, en) = match kind {
        DisclosureKind::PhoneCode => (
            "手机健康码。扫码的人能读到下列内容；保存扫码记录的人，能看出两个码出自同一部手机。",
            "A health code on a phone. Whoever scans it reads what is listed here; whoever keeps what was scanned can \
             tell that two codes are of the same phone.",
        ),
        DisclosureKind::PaperCode => (
            "纸质健康码。扫码的人能读到下列内容；它每次都相同，保存扫码记录的人能看出是同一张纸。",
            "A health code on paper. Whoever scans it reads what is listed here; it is the same each time, so whoever \
             keeps what was scanned can tell that it is the same paper.",
        ),
        DisclosureKind::Challenge => (
            "卡口的核验码，不含任何人的信息。用手机健康码作答时，卡口会读到该健康码的内容，手机会记下是谁询问。",
            "A checkpoint's challenge: it tells of no person. Who answers it shows the checkpoint what a health code \
             reveals.",
        ),
        DisclosureKind::Venue => (
            "场所码，不含扫码人的信息。本版本不读取其内容。",
            "A venue's code: it tells of no person. This version does not read what it says.",
        ),
        DisclosureKind::Handover => (
            "把一个人的健康码移交到另一部手机的码，只给接收的手机扫，不要给别人看。本版本不读取其内容。",
            "It hands a person's code over to another phone: show it to that phone alone. This version does not read \
             what it says.",
        ),
        DisclosureKind::Outage => (
            "发码机构的停机通知，不含任何人的信息。",
            "An authority's notice that its server is out of order: it tells of no person.",
        ),
        DisclosureKind::Foreign { what } => return foreign(what),
    };
    Text::new(zh, en)
}

fn foreign(what: Foreign) -> Text {
    let (zh, en) = match what {
        Foreign::Url => (
            "这是网址，不是健康码。打开后，对方网站可能得知您的网络地址等信息。",
            "A web address, no health code. Who opens it shows the site at least a network address.",
        ),
        Foreign::Payment => (
            "这是支付码，不是健康码。卡口不需要它，请勿出示付款码。",
            "A payment code, no health code. No checkpoint needs it: do not show one that pays.",
        ),
        Foreign::EuCertificate => (
            "这是欧盟数字新冠证书，不是健康码。它含有全名、出生日期和健康信息。",
            "An EU digital COVID certificate, no health code of this system. It holds full name, date of birth and \
             health data.",
        ),
        Foreign::SmartHealthCard => (
            "这是SMART健康卡，不是健康码。它含有全名、出生日期和健康信息。",
            "A SMART health card, no health code of this system. It holds full name, date of birth and health data.",
        ),
        Foreign::Challenge => return summary(DisclosureKind::Challenge),
        Foreign::Venue => return summary(DisclosureKind::Venue),
        Foreign::Handover => return summary(DisclosureKind::Handover),
        Foreign::OutageNotice => return summary(DisclosureKind::Outage),
        Foreign::Other => (
            "这不是本系统的码，无法说明其内容。",
            "None of this system's codes: what it tells cannot be said here.",
        ),
    };
    Text::new(zh, en)
}

/// What an item is, and what somebody can do with it where that is not plain.
pub(super) fn of_item(name: &str) -> (Text, Option<Text>) {
    let what = match name {
        "masked-name" => Text::new("隐去姓氏的姓名", "Masked name"),
        "id-tail" => Text::new("证件号码后四位", "Last four characters of the identity document"),
        "colour" => Text::new("发码机构评定的颜色", "Colour that the authority gave"),
        "region" => Text::new("发码地区", "Region for which the authority speaks"),
        "issued-at" => Text::new("签发时间", "Issued at"),
        "expires-at" => Text::new("有效期至", "Valid until"),
        "issuer-key" => Text::new("发码机构的密钥", "Key of the authority"),
        "token-id" => Text::new("令牌编号", "Id of the token"),
        "status" => Text::new("状态列表及位置", "Status list and place in it"),
        "holder-key" => Text::new("手机的密钥", "Key of the phone"),
        "lowered" => Text::new("手机自行降级", "Whether the phone has lowered itself"),
        "shown-at" => Text::new("出示时间", "Shown at"),
        "answers" => Text::new("所答核验码的编号", "Which challenge it answers"),
        "gate" => Text::new("卡口自称", "How the checkpoint names itself"),
        "nonce" => Text::new("随机数", "Random number"),
        "outage-issuer" => Text::new("停机的发码机构", "Authority whose server is down"),
        "outage-issued-at" => Text::new("通知签发时间", "Notice signed at"),
        "outage-ends-at" => Text::new("通知有效期至", "Notice holds until"),
        "outage-hours" => Text::new("延长小时数", "Hours by which codes are extended"),
        "anchor" => Text::new("附带的时间凭证", "Time that it relays"),
        _ => Text::new("时间凭证的密钥", "Key of that time"),
    };
    (what, note(name))
}

fn note(name: &str) -> Option<Text> {
    let (zh, en) = match name {
        "masked-name" | "id-tail" => (
            "用于与身份证核对。二者每次相同，可以帮助不诚实的扫码者把多次扫码联系到同一个人。",
            "To compare with the identity card. Both are the same each time: with them a dishonest scanner can guess \
             that two codes are of one person.",
        ),
        "issuer-key" => (
            "由此可知是哪个机构签发。该机构同一时期签发的令牌都相同。",
            "It tells which authority signed. It is the same in every token of that authority and that time.",
        ),
        "token-id" => (
            "同一令牌的每个码都相同：有两个码的人能看出是同一令牌。更新后更换。",
            "The same in every code of one token: whoever has two codes sees that it is the same. A new one at each \
             renewal.",
        ),
        "status" => (
            "用于查询令牌是否已撤回。同一令牌的每个码都相同：有两个码的人能看出是同一令牌。更新后更换。",
            "With it a gate looks up whether the token was withdrawn. The same in every code of one token: whoever \
             has two codes sees that it is the same. A new one at each renewal.",
        ),
        "holder-key" => (
            "更新后仍相同：不诚实的扫码者可以凭它把不同日子的码联系到同一部手机。",
            "The same after a renewal too: with it a dishonest scanner can link codes of different days to one phone.",
        ),
        "lowered" => (
            "手机因尚未上报的情况自行降级时，绿码在卡口按黄码处理。码中不含原因。",
            "Where the phone has lowered itself, because of something not yet reported, a green code counts as yellow \
             at the gate. The reason is not in the code.",
        ),
        "answers" => (
            "把这个码与一个卡口的一次询问绑定，别处无法使用。",
            "It binds this code to one question of one checkpoint: it is of no use elsewhere.",
        ),
        "gate" => ("无人担保这个名称属实。", "Nobody vouches that the name is true."),
        "nonce" => ("每次询问都不同，只用一次。", "Another one for each question, used once."),
        "anchor" => (
            "服务器签名的时间，可校正手机的时间下限，此外没有作用。",
            "A time that a server has signed: it may raise the lower bound of the phone's time and does nothing else.",
        ),
        _ => return None,
    };
    Some(Text::new(zh, en))
}

/// What no code tells.
pub(super) fn withheld() -> Vec<Text> {
    [
        ("颜色的原因", "The reason for the colour"),
        ("全名", "The full name"),
        ("完整的证件号码", "The full number of the identity document"),
        ("手机号码", "The telephone number"),
        ("住址", "The address"),
        ("去过哪里、见过谁", "Where one was, and whom one met"),
        ("健康状况和症状", "Health and symptoms"),
    ]
    .map(|(zh, en)| Text::new(zh, en))
    .into()
}
