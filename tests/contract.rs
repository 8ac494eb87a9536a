//! Every registered environment keeps the contract of `Env`, and the check of the contract finds what breaks it.

use envs::{
    Action, AnyEnv, CartPole, DType, Element, Env, EnvSpec, Error, Info, Rule, Seed, Space, Step, TimeLimit, Violation,
    check_env,
};
use image::RgbImage;
use rayon::prelude::*;

fn check<T: Element>(spec: &EnvSpec) -> Result<(), Violation> {
    check_env(|| spec.make()?.typed::<T>())
}

/// Whether this is another id of a game that `ALE/<Game>-v5` has, with other settings; Pong's are checked all the same.
fn is_older_id_of_a_game(id: &str) -> bool {
    let name = id.split('-').next().unwrap_or(id).replace("NoFrameskip", "").replace("Deterministic", "");
    !id.starts_with("ALE/") && !id.starts_with("Pong") && envs::spec(&format!("ALE/{name}-v5")).is_ok()
}

#[test]
fn every_registered_environment_keeps_the_contract() {
    let checked = envs::registered().into_par_iter().filter(|spec| !is_older_id_of_a_game(&spec.id));
    let violations = checked.filter_map(|spec| {
        let result = match spec.make().unwrap() {
            AnyEnv::U8(_) => check::<u8>(&spec),
            AnyEnv::I8(_) => check::<i8>(&spec),
            AnyEnv::F32(_) => check::<f32>(&spec),
            AnyEnv::F64(_) => check::<f64>(&spec),
        };
        result.err().map(|violation| format!("{}: {violation}", spec.id))
    });
    assert_eq!(violations.collect::<Vec<String>>(), Vec::<String>::new());
}

/// What is wrong with a broken CartPole.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    WrongDType,
    StepsBeforeReset,
    RefusesLargeSeeds,
    RewardIsNan,
    LeavesBounds,
    LeavesAnElementUnwritten,
    IgnoresSeeds,
    TakesAnyAction,
    RefusedActionCounts,
    RefusesToGoOn,
    RenderMoves,
    SaveForgetsTheGenerator,
    RestoresAnything,
    BadStateForgets,
    Panics,
}

struct Broken {
    env: TimeLimit<CartPole>,
    fault: Fault,
    space: Space,
    ended: bool,
    reset: bool,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        let space = Space::boxed(&[4], DType::F64, -1.0, 1.0);
        Self { env: TimeLimit::new(CartPole::new(), Some(50)), fault, space, ended: false, reset: false }
    }
}

impl Env for Broken {
    type Obs = f32;

    fn observation_space(&self) -> &Space {
        if self.fault == Fault::WrongDType { &self.space } else { self.env.observation_space() }
    }

    fn action_space(&self) -> &Space {
        self.env.action_space()
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [f32]) -> Result<Info, Error> {
        if self.fault == Fault::RefusesLargeSeeds && seed.is_some_and(|seed| *seed > Seed::from(u64::MAX)) {
            return Err(Error::BadState { reason: "a large seed".into() });
        }
        let info = self.env.reset(if self.fault == Fault::IgnoresSeeds { None } else { seed }, observation)?;
        (self.ended, self.reset) = (false, true);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [f32]) -> Result<Step, Error> {
        let last = observation.last().copied();
        if self.fault == Fault::StepsBeforeReset && !self.reset {
            return Ok(Step::default());
        }
        if self.fault == Fault::Panics && action == Action::Discrete(2) {
            panic!("an action of two");
        }
        if self.fault == Fault::RefusesToGoOn && self.ended {
            return Err(Error::ResetNeeded);
        }
        let known = match action {
            Action::Discrete(_) if self.fault == Fault::TakesAnyAction => Action::Discrete(0),
            action => action,
        };
        let mut step = match self.env.step(known, observation) {
            Err(error @ Error::InvalidAction { .. }) if self.fault == Fault::RefusedActionCounts => {
                self.env.step(Action::Discrete(0), observation)?;
                return Err(error);
            }
            step => step?,
        };
        match self.fault {
            Fault::RewardIsNan => step.reward = f64::NAN,
            Fault::LeavesBounds => observation[0] += 5.0,
            Fault::LeavesAnElementUnwritten => observation[3] = last.unwrap(),
            _ => (),
        }
        self.ended |= step.done();
        Ok(step)
    }

    fn render(&self) -> Result<RgbImage, Error> {
        let picture = self.env.render()?;
        // As an environment with a random background would.
        let side = if self.fault == Fault::RenderMoves { rand_width() } else { 1 };
        Ok(RgbImage::new(picture.width() * side, picture.height()))
    }

    fn render_fps(&self) -> u32 {
        self.env.render_fps()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        self.env.save(state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        match self.env.restore(state) {
            Err(_) if self.fault == Fault::RestoresAnything => return Ok(()),
            Err(error) if self.fault == Fault::BadStateForgets => {
                self.env = TimeLimit::new(CartPole::new(), Some(50));
                return Err(error);
            }
            result => result?,
        }
        if self.fault == Fault::SaveForgetsTheGenerator {
            self.env.reset(None, &mut [0.0; 4])?;
        }
        (self.ended, self.reset) = (false, true);
        Ok(())
    }
}

/// Another number at every call.
fn rand_width() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CALLS: AtomicU32 = AtomicU32::new(1);
    CALLS.fetch_add(1, Ordering::Relaxed) % 7 + 1
}

#[test]
fn the_check_finds_what_is_wrong_with_an_environment() {
    assert_eq!(check_env(|| Ok(Broken::new(Fault::None))), Ok(()));
    let faults = [
        (Fault::WrongDType, Rule::Spaces),
        (Fault::StepsBeforeReset, Rule::ResetFirst),
        (Fault::RefusesLargeSeeds, Rule::Accepts),
        (Fault::RewardIsNan, Rule::Answers),
        (Fault::LeavesBounds, Rule::Answers),
        (Fault::LeavesAnElementUnwritten, Rule::Deterministic),
        (Fault::IgnoresSeeds, Rule::Deterministic),
        (Fault::TakesAnyAction, Rule::Refuses),
        (Fault::RefusedActionCounts, Rule::Refuses),
        (Fault::RefusesToGoOn, Rule::AfterEnd),
        (Fault::RenderMoves, Rule::OnlyLooks),
        (Fault::SaveForgetsTheGenerator, Rule::Restores),
        (Fault::RestoresAnything, Rule::BadState),
        (Fault::BadStateForgets, Rule::BadState),
        (Fault::Panics, Rule::NoPanic),
    ];
    for (fault, rule) in faults {
        let violation = check_env(|| Ok(Broken::new(fault))).expect_err(&format!("{fault:?} was not found"));
        assert_eq!(violation.rule, rule, "{fault:?}: {violation}");
    }
    let unmade = check_env(|| Err::<CartPole, _>(Error::ResetNeeded)).unwrap_err();
    assert_eq!(unmade.rule, Rule::Made);
}
