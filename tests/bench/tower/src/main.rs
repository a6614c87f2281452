//! What a layer of Rust's Tower costs: poll_ready, call, and driving the future to its end, in nanoseconds.
//! Every level is a BoxService, as every service of cairn is behind a table of functions. Prints
//! "NAME READY PENDING_ONCE", what the layer adds to the leaf.

use std::future::{ready, Future};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::{Duration, Instant};

use tower::filter::{AsyncFilter, Filter};
use tower::limit::{ConcurrencyLimit, RateLimit};
use tower::load_shed::LoadShed;
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;
use tower::spawn_ready::SpawnReady;
use tower::util::{AndThen, BoxCloneService, BoxService, MapErr, MapRequest, MapResponse, Then};
use tower::{BoxError, Service};

const CALLS: u32 = 400_000;
const ROUNDS: usize = 9;

type Boxed = BoxService<u64, u64, BoxError>;

/// Answers at once, or after one PENDING.
#[derive(Clone)]
struct Leaf {
    is_ready: bool,
}

struct Answer {
    value: u64,
    waits: bool,
}

impl Future for Answer {
    type Output = Result<u64, BoxError>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waits {
            self.waits = false;
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.value))
    }
}

impl Service<u64> for Leaf {
    type Response = u64;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, value: u64) -> Answer {
        Answer { value, waits: !self.is_ready }
    }
}

fn leaf(is_ready: bool) -> Boxed {
    BoxService::new(Leaf { is_ready })
}

fn cloneable_leaf(is_ready: bool) -> BoxCloneService<u64, u64, BoxError> {
    BoxCloneService::new(Leaf { is_ready })
}

#[derive(Clone)]
struct Never;

impl Policy<u64, u64, BoxError> for Never {
    type Future = std::future::Ready<Self>;

    fn retry(&self, _: &u64, _: Result<&u64, &BoxError>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

fn noop_waker() -> Waker {
    const TABLE: RawWakerVTable =
        RawWakerVTable::new(|_| RawWaker::new(ptr::null(), &TABLE), |_| {}, |_| {}, |_| {});
    unsafe { Waker::from_raw(RawWaker::new(ptr::null(), &TABLE)) }
}

fn one_round(service: &mut Boxed) -> f64 {
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    let begin = Instant::now();
    for value in 0..CALLS {
        match service.poll_ready(&mut cx) {
            Poll::Ready(Ok(())) => {}
            _ => panic!("not ready"),
        }
        let mut future = service.call(u64::from(value));
        loop {
            match future.as_mut().poll(&mut cx) {
                Poll::Ready(Ok(answer)) => {
                    assert_eq!(answer, u64::from(value));
                    break;
                }
                Poll::Ready(Err(_)) => panic!("failed"),
                Poll::Pending => {}
            }
        }
    }
    begin.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

fn measure(mut service: Boxed) -> f64 {
    one_round(&mut service);
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| one_round(&mut service)).collect();
    rounds.sort_by(|a, b| a.partial_cmp(b).unwrap());
    rounds[ROUNDS / 2]
}

fn report(name: &str, layer: impl Fn(bool) -> Boxed) {
    let added: Vec<f64> =
        [true, false].iter().map(|&is_ready| measure(layer(is_ready)) - measure(leaf(is_ready))).collect();
    println!("{} {:.1} {:.1}", name, added[0], added[1]);
}

fn five(is_ready: bool) -> Boxed {
    let timeout = BoxService::new(Retry::new(Never, cloneable_leaf(is_ready)));
    let rate = BoxService::new(Timeout::new(timeout, Duration::from_secs(1)));
    let concurrency =
        BoxService::new(RateLimit::new(rate, tower::limit::rate::Rate::new(1_000_000_000, Duration::from_secs(1))));
    let shed = BoxService::new(ConcurrencyLimit::new(concurrency, 16));
    BoxService::new(LoadShed::new(shed))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _guard = runtime.enter();
    let rate = || tower::limit::rate::Rate::new(1_000_000_000, Duration::from_secs(1));
    report("load_shed", |r| BoxService::new(LoadShed::new(leaf(r))));
    report("concurrency_limit", |r| BoxService::new(ConcurrencyLimit::new(leaf(r), 16)));
    report("rate_limit", |r| BoxService::new(RateLimit::new(leaf(r), rate())));
    report("timeout", |r| BoxService::new(Timeout::new(leaf(r), Duration::from_secs(1))));
    report("retry", |r| BoxService::new(Retry::new(Never, cloneable_leaf(r))));
    report("map_request", |r| BoxService::new(MapRequest::new(leaf(r), |v: u64| v)));
    report("map_response", |r| BoxService::new(MapResponse::new(leaf(r), |v: u64| v)));
    report("map_error", |r| BoxService::new(MapErr::new(leaf(r), |e: BoxError| e)));
    report("then", |r| BoxService::new(Then::new(leaf(r), |answer: Result<u64, BoxError>| ready(answer))));
    report("and_then", |r| BoxService::new(AndThen::new(leaf(r), |v: u64| ready(Ok::<u64, BoxError>(v)))));
    report("filter", |r| BoxService::new(Filter::new(leaf(r), |v: u64| Ok::<u64, BoxError>(v))));
    report("async_filter", |r| {
        BoxService::new(AsyncFilter::new(cloneable_leaf(r), |v: u64| ready(Ok::<u64, BoxError>(v))))
    });
    report("spawn_ready", |r| BoxService::new(SpawnReady::new(leaf(r))));
    println!("all_five {:.1} {:.1}", measure(five(true)), measure(five(false)));
}
