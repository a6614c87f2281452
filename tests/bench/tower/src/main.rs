//! What micro/ measures of cairn, of Rust's Tower and of tokio's timers: nanoseconds of CPU a call, one pass of each,
//! `NAME NS` a line. Services are poll_ready, call, and driving the future to its end. `NAME` is boxed, as every service
//! of cairn stands behind a table of functions: a BoxService at each level. `static.NAME` is one type, which the
//! compiler sees through.

use std::future::{ready, Future};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

use tower::filter::{AsyncFilter, Filter};
use tokio::time::{sleep_until, Instant, Sleep};
use tower::limit::rate::Rate;
use tower::limit::{ConcurrencyLimit, RateLimit};
use tower::load_shed::LoadShed;
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;
use tower::spawn_ready::SpawnReady;
use tower::util::{AndThen, BoxCloneService, BoxService, MapErr, MapRequest, MapResponse, Then};
use tower::{BoxError, Service};

const CALLS: u32 = 200_000;
const STRIDE: usize = 7919;
const OTHERS_MS: u64 = 60_000;

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

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Of this thread alone.
fn cpu_ns() -> f64 {
    const THREAD_CPUTIME: i32 = 3;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(THREAD_CPUTIME, &mut time) };
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

fn measure(name: &str, mut run: impl FnMut(u32)) {
    run(CALLS / 4);
    let begin = cpu_ns();
    run(CALLS);
    println!("{} {:.2}", name, (cpu_ns() - begin) / f64::from(CALLS));
}

fn service<S>(name: &str, mut service: S)
where
    S: Service<u64, Response = u64, Error = BoxError>,
{
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    measure(name, |calls| {
        for value in 0..u64::from(calls) {
            match service.poll_ready(&mut cx) {
                Poll::Ready(Ok(())) => {}
                _ => panic!("not ready"),
            }
            let mut future = service.call(unsafe { ptr::read_volatile(&value) });
            let mut future = unsafe { Pin::new_unchecked(&mut future) };
            loop {
                match future.as_mut().poll(&mut cx) {
                    Poll::Ready(Ok(answer)) => {
                        assert_eq!(answer, value);
                        break;
                    }
                    Poll::Ready(Err(_)) => panic!("failed"),
                    Poll::Pending => {}
                }
            }
        }
    });
}

/// A layer that passes everything on, through a future of its own.
struct Pass<S>(S);

struct PassFuture<F>(F);

impl<F: Future> Future for PassFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }.poll(cx)
    }
}

impl<S: Service<u64>> Service<u64> for Pass<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = PassFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, value: u64) -> Self::Future {
        PassFuture(self.0.call(value))
    }
}

fn each(name: &str, layer: impl Fn(bool) -> Boxed) {
    service(&format!("{}.ready", name), layer(true));
    service(&format!("{}.once", name), layer(false));
}

fn layer(name: &str, layer: impl Fn(bool) -> Boxed) {
    each(&format!("layer.{}", name), layer);
}

fn passes(is_ready: bool, count: usize) -> Boxed {
    (0..count).fold(leaf(is_ready), |inner, _| BoxService::new(Pass(inner)))
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn rate() -> Rate {
    Rate::new(1_000_000_000, second())
}

fn five(is_ready: bool) -> Boxed {
    let timeout = BoxService::new(Retry::new(Never, cloneable_leaf(is_ready)));
    let rate_limit = BoxService::new(Timeout::new(timeout, second()));
    let concurrency = BoxService::new(RateLimit::new(rate_limit, rate()));
    let shed = BoxService::new(ConcurrencyLimit::new(concurrency, 16));
    BoxService::new(LoadShed::new(shed))
}

fn static_layers(kind: &str, is_ready: bool) {
    let name = |what: &str| format!("static.{}.{}", what, kind);
    let new = || Leaf { is_ready };
    let five_passes = || Pass(Pass(Pass(Pass(Pass(new())))));
    service(&name("leaf"), new());
    service(&name("pass.1"), Pass(new()));
    service(&name("pass.5"), five_passes());
    service(&name("pass.10"), Pass(Pass(Pass(Pass(Pass(five_passes()))))));
    service(&name("layer.load_shed"), LoadShed::new(new()));
    service(&name("layer.concurrency_limit"), ConcurrencyLimit::new(new(), 16));
    service(&name("layer.rate_limit"), RateLimit::new(new(), rate()));
    service(&name("layer.timeout"), Timeout::new(new(), second()));
    service(&name("layer.retry"), Retry::new(Never, new()));
    let retry = Retry::new(Never, new());
    let limited = ConcurrencyLimit::new(RateLimit::new(Timeout::new(retry, second()), rate()), 16);
    service(&name("five"), LoadShed::new(limited));
}

fn boxed_layers() {
    each("leaf", leaf);
    for count in [1, 5, 10] {
        each(&format!("pass.{}", count), |r| passes(r, count));
    }
    layer("load_shed", |r| BoxService::new(LoadShed::new(leaf(r))));
    layer("concurrency_limit", |r| BoxService::new(ConcurrencyLimit::new(leaf(r), 16)));
    layer("rate_limit", |r| BoxService::new(RateLimit::new(leaf(r), rate())));
    layer("timeout", |r| BoxService::new(Timeout::new(leaf(r), second())));
    layer("retry", |r| BoxService::new(Retry::new(Never, cloneable_leaf(r))));
    each("five", five);
    layer("map_request", |r| BoxService::new(MapRequest::new(leaf(r), |v: u64| v)));
    layer("map_response", |r| BoxService::new(MapResponse::new(leaf(r), |v: u64| v)));
    layer("map_error", |r| BoxService::new(MapErr::new(leaf(r), |e: BoxError| e)));
    layer("then", |r| BoxService::new(Then::new(leaf(r), |answer: Result<u64, BoxError>| ready(answer))));
    layer("and_then", |r| BoxService::new(AndThen::new(leaf(r), |v: u64| ready(Ok::<u64, BoxError>(v)))));
    layer("filter", |r| BoxService::new(Filter::new(leaf(r), |v: u64| Ok::<u64, BoxError>(v))));
    layer("async_filter", |r| {
        BoxService::new(AsyncFilter::new(cloneable_leaf(r), |v: u64| ready(Ok::<u64, BoxError>(v))))
    });
    layer("spawn_ready", |r| BoxService::new(SpawnReady::new(leaf(r))));
}

/// Polled once, for only then it is in tokio's wheel.
fn pending(sleep: &mut Pin<Box<Sleep>>) {
    let waker = noop_waker();
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
}

fn sleeps(count: usize) {
    let now = Instant::now();
    let ms = Duration::from_millis;
    // One is sooner than all: another that became the soonest would cost a write to wake the driver.
    let mut soonest = Box::pin(sleep_until(now + ms(900)));
    pending(&mut soonest);
    let mut others: Vec<_> =
        (0..count as u64).map(|i| Box::pin(sleep_until(now + ms(OTHERS_MS + i)))).collect();
    others.iter_mut().for_each(pending);
    measure(&format!("timer.arm_cancel.{}", count), |calls| {
        let waker = noop_waker();
        for i in 0..u64::from(calls) {
            let mut sleep = sleep_until(now + ms(1000 + (i & 4095)));
            let sleep = unsafe { Pin::new_unchecked(&mut sleep) };
            assert!(sleep.poll(&mut Context::from_waker(&waker)).is_pending());
        }
    });
    let mut at = 0;
    let mut one = [Box::pin(sleep_until(now + ms(OTHERS_MS)))];
    pending(&mut one[0]);
    let list = if count > 0 { &mut others[..] } else { &mut one[..] };
    measure(&format!("timer.rearm.{}", count), |calls| {
        for i in 0..u64::from(calls) {
            list[at].as_mut().reset(now + ms(OTHERS_MS + i));
            pending(&mut list[at]);
            at = (at + STRIDE) % list.len();
        }
    });
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _guard = runtime.enter();
    boxed_layers();
    static_layers("ready", true);
    static_layers("once", false);
    [0, 1000, 100_000].into_iter().for_each(sleeps);
}
