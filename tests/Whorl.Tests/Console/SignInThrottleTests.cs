using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole;

public sealed class SignInThrottleTests
{
    private readonly ManualClock _clock = new();
    private readonly SignInThrottle _throttle;

    public SignInThrottleTests() => _throttle = new(_clock);

    [Fact]
    public void A_few_mistakes_are_free_then_each_doubles_the_wait_up_to_a_quarter_of_an_hour()
    {
        for (int i = 1; i < SignInThrottle.FreeTries; i++)
        {
            _throttle.Failed("ada", "192.0.2.1");
            _throttle.WaitFor("ada", "192.0.2.2").ShouldBe(TimeSpan.Zero);
        }

        List<double> waits = [];
        for (int i = 0; i < 12; i++)
        {
            _throttle.Failed("ada", "192.0.2.1");
            TimeSpan wait = _throttle.WaitFor("ada", "192.0.2.2");
            waits.Add(wait.TotalSeconds);
            _clock.Advance(wait);
        }

        waits[..4].ShouldBe([1, 2, 4, 8]);
        waits[^1].ShouldBe(900);
    }

    [Fact]
    public void An_address_that_guesses_many_names_waits_too()
    {
        for (int i = 0; i < SignInThrottle.FreeTries + 3; i++)
        {
            _throttle.Failed($"name{i}", "192.0.2.1");
        }

        _throttle.WaitFor("ada", "192.0.2.1").ShouldBeGreaterThan(TimeSpan.FromSeconds(4));
        _throttle.WaitFor("ada", "192.0.2.2").ShouldBe(TimeSpan.Zero);
        _throttle.Succeeded("ada");
        _throttle.WaitFor("ada", "192.0.2.1").ShouldBeGreaterThan(TimeSpan.FromSeconds(4), "a known password does not reset the guessing of others");
    }

    [Fact]
    public void A_flood_of_names_does_not_free_the_address_that_sends_it()
    {
        for (int i = 0; i < 20_000; i++)
        {
            _throttle.Failed($"name{i}", "192.0.2.1");
        }

        _throttle.WaitFor("fresh", "192.0.2.1").ShouldBe(SignInThrottle.MaxWait);
    }
}
