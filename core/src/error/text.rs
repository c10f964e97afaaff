//! What to say to a person about an error, in both languages. The words of fields and reasons stay stable for apps
//! that say it in their own way.

use super::{HealthcodeError, NetworkKind, NoticeLogKind, StorageKind, VaultKind};
use crate::rules::text::Text;

/// What to say to a person about an error: what happened, and what can be done about it. It holds no personal data.
///
/// # Errors
///
/// None today.
#[uniffi::export]
#[allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]
#[allow(
    clippy::unnecessary_wraps,
    reason = "only a fallible call turns a panic into an error on every platform"
)]
pub fn error_text(error: HealthcodeError) -> Result<Text, HealthcodeError> {
    Ok(error.text())
}

impl HealthcodeError {
    /// What to say to the person: what happened, and what can be done about it. It holds no personal data.
    pub fn text(&self) -> Text {
        let (zh, en) = match self {
            Self::InvalidField { field, reason } => return field_text(field, reason),
            Self::UnknownSubject => ("本机没有此人的健康码。", "This person is not on this phone."),
            Self::NotSynced => {
                ("尚未与服务器同步，请联网后再试。", "Nothing has been synced yet: connect first.")
            }
            Self::NotRated => {
                ("尚无健康码，请先申报并联网同步。", "There is no code yet: declare, then connect once.")
            }
            Self::Vault { kind } => vault(*kind),
            Self::Storage { kind } => storage(*kind),
            Self::Network { kind, .. } => network(*kind),
            Self::Rejected { problem, .. } => rejected(problem),
            Self::NoticeLog { kind } => notice_log(*kind),
            Self::TimeUnsure => (
                "手机重启后时间未经核实，请联网，或扫描卡口的核验码。",
                "The time is unsure after the phone's restart: connect, or scan the checkpoint's challenge.",
            ),
            Self::Replaced => ("健康码已转移到另一部手机。", "The code has moved to another phone."),
            Self::UpdateApp => ("请更新应用。", "Please update the app."),
            Self::Cancelled => ("已取消。", "Cancelled."),
            Self::Closed => ("已关闭，请重新打开。", "Closed: open it again."),
            Self::Port { .. } => ("无法读取手机的时钟。", "The phone's clock cannot be read."),
            Self::Internal { .. } => {
                ("应用发生内部错误，已保存的内容不受影响。", "A fault of the app. What was saved is safe.")
            }
        };
        Text::new(zh, en)
    }
}

const fn vault(kind: VaultKind) -> (&'static str, &'static str) {
    match kind {
        VaultKind::Locked => ("请先解锁手机。", "Unlock the phone first."),
        VaultKind::Gone => (
            "本机密钥已失效（例如从备份恢复），请重新注册。",
            "This phone's key is gone, for example after a restore from a backup: enrol again.",
        ),
        VaultKind::Refused => ("手机密钥库暂不可用，请重试。", "The phone's key store failed: try again."),
    }
}

const fn storage(kind: StorageKind) -> (&'static str, &'static str) {
    match kind {
        StorageKind::Busy => {
            ("数据正被另一进程使用，请稍后再试。", "Another process has the data open: try again.")
        }
        StorageKind::Full => {
            ("存储空间已满，请清理后再试。", "The storage is full: free some space and try again.")
        }
        StorageKind::ReadOnly => ("数据只读，无法保存。", "The data cannot be written to."),
        StorageKind::Corrupt => ("数据已损坏，未作任何更改。", "The data is damaged. Nothing was changed."),
        StorageKind::NewerSchema => (
            "数据由更新版本的应用写入，请更新应用。",
            "A later version of the app wrote the data: update the app.",
        ),
        StorageKind::WrongKey => {
            ("数据属于另一密钥，未作任何更改。", "The data belongs to another key. Nothing was changed.")
        }
        StorageKind::Unreachable => ("无法打开数据文件。", "The data cannot be opened."),
    }
}

const fn notice_log(kind: NoticeLogKind) -> (&'static str, &'static str) {
    match kind {
        NoticeLogKind::Form => (
            "接触提示文件无法读取，沿用之前的。",
            "The exposure notices cannot be read. Those of before stay in force.",
        ),
        NoticeLogKind::Unsigned => (
            "接触提示未经主管部门签名，未采用。",
            "The exposure notices are not signed by the authority and were not used.",
        ),
        NoticeLogKind::Unwitnessed => (
            "接触提示尚未经第二方签名，请稍后再试。",
            "No second authority has signed the exposure notices yet: try later.",
        ),
        NoticeLogKind::Older => (
            "收到的接触提示比本机已有的旧，未采用。",
            "The exposure notices are older than those on this phone and were not used.",
        ),
        NoticeLogKind::Forked | NoticeLogKind::Altered => (
            "接触提示与已公布的不一致，未采用，请报告。",
            "The exposure notices are not those that were published. They were not used: please report it.",
        ),
        NoticeLogKind::Region => (
            "接触提示超出该部门的管辖地区，未采用。",
            "The exposure notices are about a region that the authority does not speak for.",
        ),
    }
}

const fn network(kind: NetworkKind) -> (&'static str, &'static str) {
    match kind {
        NetworkKind::Offline => {
            ("无法联网，已记录的内容不会丢失。", "No connection. What was recorded is kept.")
        }
        NetworkKind::Timeout => (
            "服务器未及时应答，记录已保存。",
            "The server did not answer in time. What was recorded is kept.",
        ),
        NetworkKind::Tls => {
            ("连接不安全，未发送任何内容。", "The connection is not private. Nothing was sent.")
        }
        NetworkKind::Intercepted => (
            "网络需要登录（例如酒店或机场网络），请登录后再试。",
            "The network asks for a sign-in, as in a hotel: sign in there and try again.",
        ),
        NetworkKind::Unavailable => (
            "服务器繁忙，请稍后再试，记录已保存。",
            "The server is busy: try later. What was recorded is kept.",
        ),
        NetworkKind::BadAnswer => {
            ("服务器的应答无法核实，请稍后再试。", "The server's answer could not be verified: try later.")
        }
        NetworkKind::Refused => ("服务器地址不安全，已拒绝。", "The server's address is not allowed."),
    }
}

fn rejected(problem: &str) -> (&'static str, &'static str) {
    match problem {
        "wrong-code" => (
            "验证码不正确或已失效，请核对或重新获取。",
            "The code is wrong or has expired: check it, or ask for a new one.",
        ),
        "enrolment-pending" => {
            ("正在通知原手机，稍后生效。", "The phone used before is being told: this one takes over then.")
        }
        "relation-pending" => (
            "尚待核实与本人的关系，核实后即可使用。",
            "The relation to the person has yet to be confirmed: ask again later.",
        ),
        "limit" => ("已达到规定的人数上限。", "There are as many as the rules allow."),
        "late" => ("已超过时限，请重新办理。", "The time for it is over: begin anew."),
        "role" => ("无权进行此项操作。", "This is not for you to say."),
        "already-done" => ("此前已办理。", "It was done before."),
        "replaced" => ("健康码已转移到另一部手机。", "The code has moved to another phone."),
        "unknown-subject" => {
            ("服务器没有此人的记录，请重新注册。", "The server does not know this person: enrol again.")
        }
        _ => ("服务器拒绝了请求。", "The server said no."),
    }
}

/// Why the server refused an entry, as a person reads it: the problem's word, and the place that it names.
pub(crate) fn refusal_text(problem: &str, field: Option<&str>) -> Text {
    let place = field.and_then(label);
    match (problem, place) {
        ("invalid", Some((zh, en))) => Text::new(
            [zh, "不符合规则，未被采纳，请核对后重新填报。"].concat(),
            [en, " did not meet the rules: the entry was not taken. Check it and record it again."].concat(),
        ),
        ("invalid", None) => Text::new(
            "记录不符合规则，未被采纳，请核对后重新填报。",
            "The entry did not meet the rules and was not taken. Check it and record it again.",
        ),
        ("limit", Some(("纸质码", _))) => Text::new(
            "有效的纸质码已达上限，请先注销不用的一张。",
            "There are as many paper codes as there may be: withdraw one that is not used.",
        ),
        ("already-done", _) => Text::new("此事已办理。", "It is done already."),
        ("late", _) => Text::new("已过期限，未被采纳。", "The time for this is over: it was not taken."),
        ("operation", _) => Text::new(
            "服务器无法识别此记录，未被采纳，请更新应用。",
            "The server does not understand the entry and did not take it: update the app.",
        ),
        ("limit", _) => {
            Text::new("已达数量上限，未被采纳。", "There are as many as there may be: it was not taken.")
        }
        _ => Text::new(
            "服务器未采纳此记录，请重新填报。",
            "The server did not take the entry: record it again.",
        ),
    }
}

/// A field with what is wrong with it, as a person reads it.
pub(crate) fn field_text(field: &str, reason: &str) -> Text {
    let (why_zh, why_en) = why(reason);
    match (label(field), stay(field)) {
        (Some((zh, en)), _) => Text::new([zh, why_zh, "。"].concat(), [en, " ", why_en, "."].concat()),
        (None, Some(number)) => {
            Text::new(format!("第{number}段行程{why_zh}。"), format!("Stay {number} {why_en}."))
        }
        (None, None) => Text::new(
            [field, " ", why_zh, "。"].concat(),
            ["The value of ", field, " ", why_en, "."].concat(),
        ),
    }
}

fn label(field: &str) -> Option<(&'static str, &'static str)> {
    Some(match field {
        "name" => ("姓名", "The name"),
        "document" => ("证件号码", "The document number"),
        "phone" => ("手机号码", "The telephone number"),
        "region" => ("居住地", "The region"),
        "code" => ("验证码", "The one-time code"),
        "declared_on" => ("申报日期", "The day of the declaration"),
        "date" => ("日期", "The date"),
        "symptoms" => ("症状", "The symptoms"),
        "travel" => ("行程", "The travel list"),
        "challenge" => ("核验码", "The challenge"),
        "gate" => ("卡口名称", "The checkpoint's name"),
        "entry" => ("记录", "The entry"),
        "text" => ("文字", "The text"),
        "rating" => ("所申诉的评定", "The rating"),
        "rule" => ("所申诉的理由", "The reason"),
        "statements" => ("说明材料", "The list of statements"),
        _ if field.starts_with("statements[") => ("说明材料", "A statement"),
        "issuer" => ("签发机构", "The authority"),
        "paper" => ("纸质码", "The paper code"),
        "carer" => ("照护人", "The carer"),
        "subject" => ("此人", "The person"),
        "key" => ("密钥", "The key"),
        "number" => ("车次或航班号", "The number of the train, flight or coach"),
        "place" => ("车厢或排号", "The carriage or row"),
        "from" => ("出发地", "The place of departure"),
        "to" => ("到达地", "The destination"),
        "form" => ("表单名称", "The name of the form"),
        "words" => ("表单内容", "What the form holds"),
        _ if field == "answers" || field.starts_with("answers.") => ("回答", "An answer"),
        _ => return None,
    })
}

/// The number of a stay, from 1, of a path such as `travel[0].region`.
fn stay(field: &str) -> Option<usize> {
    let (index, _) = field.strip_prefix("travel[")?.split_once(']')?;
    index.parse::<usize>().ok()?.checked_add(1)
}

fn why(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "empty" | "missing" => ("尚未填写", "is missing"),
        "characters" => ("含有不允许的字符", "contains characters that do not belong there"),
        "length" => ("长度不正确", "has the wrong length"),
        "too-long" | "too-large" => ("过长", "is too long"),
        "too-many" => ("过多", "has too many entries"),
        "no-letter" => ("不含文字", "contains no letter"),
        "country-code" => ("缺少国家代码", "needs its country code"),
        "kind" => ("类型不正确", "is of an unknown kind"),
        "old-fifteen-digits" => {
            ("是旧式十五位号码，请填写十八位", "is an old one of fifteen digits: enter all eighteen")
        }
        "unknown-division" => ("的行政区划代码不存在", "names a division that does not exist"),
        "not-a-date" => ("不是有效日期", "is not a date"),
        "date-too-early" => ("日期过早", "names a date too long ago"),
        "date-in-future" | "in-the-future" => ("在将来", "lies in the future"),
        "check-digit" => ("校验不符，请核对", "does not check out: look for a wrong digit"),
        "already-enrolled" => ("已在本机注册", "is enrolled on this phone already"),
        "not-digits" => ("应为数字", "consists of digits only"),
        "not-requested" => ("尚未获取", "was not asked for yet"),
        "unknown-question" => ("对应的问题不存在", "belongs to no question of the form"),
        "wrong-form" => ("形式不正确", "has another form than the question asks for"),
        "unknown-option" => ("含有不存在的选项", "names an option that does not exist"),
        "repeated" => ("重复", "is given twice"),
        "outside-window" => ("不在询问的日期范围内", "lies outside the days that are asked for"),
        "ends-before-it-begins" => ("结束早于开始", "ends before it begins"),
        "not-a-challenge" => ("不是卡口的核验码", "is not a checkpoint's"),
        "not-a-code" => ("不是健康码", "is not a code's"),
        "in-the-past" => ("已过去", "has passed"),
        "another-date" => ("与手机日期不同", "is not the phone's date"),
        "not-listed" => ("不在信任列表中", "is not in the trust list"),
        "home" => ("就是本机的签发机构", "is this phone's own"),
        "unknown" => ("不在本机上", "is not known here"),
        "withdrawn" => ("已注销", "was withdrawn"),
        "out-of-range" => ("超出范围", "is out of range"),
        "not-in-force" => ("已被新的评定取代", "has been replaced by a newer one"),
        "late" => ("已过期限", "can no longer be contested: the time is over"),
        "already-appealed" => ("已在申诉中", "is contested already"),
        "cared-for" => ("本身由他人照护", "is cared for by this phone"),
        "not-moved" => ("尚未在该机构登记", "is not known to that authority yet"),
        "not-a-key" => ("格式不正确", "has another form"),
        "not-a-carer" => ("不属于任何照护人", "is nobody's who cares for the person"),
        "another-carer" => ("属于另一位照护人", "is another carer's"),
        "not-a-handover" => ("不是转移码", "is not a handover's"),
        "not-a-request" => ("不是新手机出示的转移码", "is not what a new phone shows"),
        "not-an-answer" => ("不是原手机出示的转移码", "is not what the phone used before shows"),
        "another-authority" => ("属于另一发码机关", "is of another authority"),
        "for-another-phone" => ("是给另一部手机的", "is for another phone"),
        "expired" => ("已过期", "has expired"),
        "not-scanned" => ("尚未扫描", "was not scanned yet"),
        "differs" => ("与已打开的不同", "is not the one that the data was opened with"),
        _ => ("不正确", "is not valid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_and_its_reason_read_as_a_sentence() {
        let text = field_text("document", "check-digit");
        assert_eq!(text.en, "The document number does not check out: look for a wrong digit.");
        assert_eq!(text.zh, "证件号码校验不符，请核对。");
        assert_eq!(
            field_text("travel[0].region", "unknown-division").en,
            "Stay 1 names a division that does not exist."
        );
        assert_eq!(
            field_text("travel[18446744073709551615]", "later-word").en,
            "The value of travel[18446744073709551615] is not valid."
        );
    }
}
