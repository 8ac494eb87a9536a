use super::{
    super::{Backend, Game, RomSource},
    *,
};

fn pong() -> Rom {
    Rom::open(&RomSource::Bundled("pong".into())).unwrap()
}

fn action(code: u32) -> AtariAction {
    AtariAction::new((code % 18) as u8).unwrap()
}

/// A state without the frame numbers, which count on.
fn look(emulator: &Emulator) -> (Vec<u8>, LastFrame, u32, bool) {
    let mut state = emulator.state().encode();
    state[8..16].fill(0);
    (state, LastFrame::of(emulator), emulator.lives(), emulator.game_over())
}

/// The timer starts at one of 75 values, and the memory holds what the game before left there.
#[test]
fn pongs_fixed_start_is_what_a_real_reset_gives_for_every_start_of_the_timer() {
    let mut emulator = Emulator::load(&pong(), CONSOLE_SEED as i32).unwrap();
    let start = look_at_fixed_start(&mut emulator);
    let timer = |seed: &u32| Mt19937::new(*seed).next_u32() % 75;
    let choose = &mut Mt19937::new(1);
    for value in 0..75 {
        let seed = (0..).find(|seed| timer(seed) == value).unwrap();
        for _ in 0..choose.next_u32() % 40 {
            emulator.act(action(choose.next_u32()));
        }
        emulator.reset(&Mt19937::new(seed));
        assert!(look(&emulator) == start, "the timer's start {value}");
    }
}

#[test]
#[ignore = "loads the ROM a thousand times: minutes"]
fn pongs_fixed_start_is_what_a_real_reset_gives_after_loading_the_rom_with_a_thousand_seeds() {
    let rom = pong();
    let mut fixed = Emulator::load(&rom, CONSOLE_SEED as i32).unwrap();
    let start = look_at_fixed_start(&mut fixed);
    for seed in 1..=1000 {
        let mut real = Emulator::load(&rom, seed).unwrap();
        assert!(look(&real) == start, "after loading with seed {seed}");
        real.reset(&Mt19937::new(seed as u32));
        assert!(look(&real) == start, "after a reset with seed {seed}");

        restore_fixed_start(&mut fixed);
        let choose = &mut Mt19937::new(seed as u32);
        for frame in 0..60 {
            let action = action(choose.next_u32());
            assert_eq!(real.act(action), fixed.act(action), "seed {seed}, frame {frame}");
            assert!(LastFrame::of(&real) == LastFrame::of(&fixed), "seed {seed}, frame {frame}");
        }
    }
}

fn restore_fixed_start(emulator: &mut Emulator) {
    let start = start_of(&pong(), emulator);
    let (state, _) = start.fixed.as_ref().expect("Pong's start is fixed");
    emulator.restore(state);
}

fn look_at_fixed_start(emulator: &mut Emulator) -> (Vec<u8>, LastFrame, u32, bool) {
    restore_fixed_start(emulator);
    let start = start_of(&pong(), emulator);
    let (_, last_frame) = start.fixed.as_ref().expect("Pong's start is fixed");
    let (state, _, lives, game_over) = look(emulator);
    (state, LastFrame::clone(last_frame), lives, game_over)
}

#[test]
#[ignore = "plays every game: minutes"]
fn every_game_starts_again_and_goes_on_from_its_states_exactly() {
    roms::bundled_games().for_each(|game| starts_again_and_goes_on_exactly(game, 20));
}

/// One frame in some hundred shows the rest of an older picture.
#[test]
fn games_with_unfinished_frames_go_on_from_their_states_exactly() {
    UNFINISHED_FRAMES.into_iter().for_each(|game| starts_again_and_goes_on_exactly(game, 20));
}

fn starts_again_and_goes_on_exactly(game: &str, states: u32) {
    let load = || Game::load(&RomSource::Bundled(game.into()), Backend::Ale, 0.25).unwrap();
    let (mut one, mut other) = (load(), load());
    one.seed(5);
    one.reset();
    let start = play(&mut one, 1, 400);
    play(&mut other, 77, 700);
    other.seed(5);
    other.reset();
    assert!(play(&mut other, 1, 400) == start, "{game}: the same seed again");

    for k in 0..states {
        play(&mut one, 100 + k, 97 + 13 * k % 260);
        if one.game_over() {
            one.reset();
        }
        let mut state = vec![];
        one.save(&mut state).unwrap();
        play(&mut other, 500 + k, 31 + 7 * k);
        other.restore(&mut state.as_slice()).unwrap();
        assert!(play(&mut one, 900 + k, 200) == play(&mut other, 900 + k, 200), "{game}, state {k}");
    }
}

/// A frame's picture by its checksum, and the other answers: memory, reward, lives, whether the game is over.
type Frame = (u32, (Vec<u8>, i32, u32, bool));

/// Plays random actions.
fn play(game: &mut Game, seed: u32, frames: u32) -> Vec<Frame> {
    let choose = &mut Mt19937::new(seed);
    let actions = game.minimal_actions().to_vec();
    let (height, width) = game.screen_size();
    let (mut screen, mut ram) = (vec![0; height * width], vec![0; RAM_BYTES]);
    let mut held = AtariAction::NOOP;
    let frame = |frame: u32| {
        if frame.is_multiple_of(5) {
            held = actions[choose.next_u32() as usize % actions.len()];
        }
        let reward = game.act(held);
        game.screen(&mut screen);
        game.ram(&mut ram);
        (crc32fast::hash(&screen), (ram.clone(), reward, game.lives(), game.game_over()))
    };
    (0..frames).map(frame).collect()
}
