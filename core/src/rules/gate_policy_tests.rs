#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;

fn facts(colour: Colour, class: Class, direction: Direction) -> Facts<'static> {
    let region = Region::from_code(330_100).unwrap();
    Facts { colour, class, issuer: "hangzhou", region, direction, evidence_hours: 0, lowered: false }
}

fn policies(change: impl FnOnce(&mut Value)) -> Result<GatePolicies, GatePolicyError> {
    let mut json: Value = serde_json::from_slice(HANGZHOU_2020).unwrap();
    change(&mut json);
    GatePolicies::parse(&serde_json::to_vec(&json).unwrap())
}

#[test]
fn the_default_lets_green_pass_and_nobody_else() {
    let policy = GatePolicy::default();
    policy.check().unwrap();
    for facts in Facts::all() {
        let expected = if facts.colour == Colour::Green { Passage::Pass } else { Passage::Stop };
        assert_eq!(policy.passage(&facts), Some(expected));
    }
}

#[test]
fn a_yellow_resident_goes_home_and_not_out() {
    let policies = GatePolicies::hangzhou_2020();
    let gate = policies.gate("residential").unwrap();
    let yellow = |direction| gate.passage(&facts(Colour::Yellow, Class::Phone, direction));
    assert_eq!(yellow(Direction::In), Some(Passage::CompareCard));
    assert_eq!(yellow(Direction::Out), Some(Passage::Stop));
    let elsewhere = Facts { issuer: "shenzhen", ..facts(Colour::Yellow, Class::Phone, Direction::In) };
    assert_eq!(gate.passage(&elsewhere), Some(Passage::Stop));
    for direction in [Direction::In, Direction::Out] {
        assert_eq!(gate.passage(&facts(Colour::Red, Class::Phone, direction)), Some(Passage::Stop));
    }
}

#[test]
fn paper_is_enough_at_the_station_only_while_its_list_is_fresh() {
    let policies = GatePolicies::hangzhou_2020();
    let gate = policies.gate("railway-station").unwrap();
    let paper = |evidence_hours| {
        gate.passage(&Facts { evidence_hours, ..facts(Colour::Green, Class::Paper, Direction::In) })
    };
    assert_eq!(paper(11), Some(Passage::CompareCard));
    assert_eq!(paper(12), Some(Passage::Stop));
}

#[test]
fn a_guest_may_drive_home_yellow() {
    let policies = GatePolicies::hangzhou_2020();
    let gate = policies.gate("highway-toll").unwrap();
    let guest = |direction| {
        gate.passage(&Facts { issuer: "shenzhen", ..facts(Colour::Yellow, Class::Phone, direction) })
    };
    assert_eq!(guest(Direction::Out), Some(Passage::Pass));
    assert_eq!(guest(Direction::In), Some(Passage::Stop));
}

#[test]
fn what_is_no_policy_is_refused_by_name() {
    assert!(matches!(policies(|json| json["format"] = json!(2)), Err(GatePolicyError::Format(2))));
    assert!(matches!(policies(|json| json["gates"] = json!([])), Err(GatePolicyError::Id(_))));
    let hours = |json: &mut Value| json["gates"][0]["as_is_hours"] = json!(73);
    assert!(matches!(policies(hours), Err(GatePolicyError::Hours(gate)) if gate == "residential"));
    let twice = |json: &mut Value| json["gates"][1]["id"] = json!("residential");
    assert!(matches!(policies(twice), Err(GatePolicyError::Id(_))));
    let no_boolean = |json: &mut Value| json["gates"][0]["rules"][0]["when"] = json!({"var": "colour"});
    assert!(matches!(policies(no_boolean), Err(GatePolicyError::Rule(rule)) if rule == "green-phone"));
    let unknown = |json: &mut Value| json["gates"][0]["rules"][0]["when"] = json!({"eval": []});
    assert!(matches!(policies(unknown), Err(GatePolicyError::Json { .. })));
    assert!(matches!(policies(|json| json["extra"] = json!(1)), Err(GatePolicyError::Json { .. })));
    assert!(matches!(GatePolicies::parse(&vec![b' '; MAX_BYTES + 1]), Err(GatePolicyError::TooLarge)));
}
