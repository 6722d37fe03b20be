using FsCheck;
using FsCheck.Fluent;
using Whorl.Analysis.Decisions.Tables;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decisions;

public sealed class DecisionTableTests
{
    private static readonly ManualClock Clock = new();

    // Few addresses and prefixes close together, so that nesting, equal prefixes and touching ranges are the rule; the edges of both families too.
    private static readonly string[] Addresses =
    [
        "0.0.0.0", "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.255", "10.0.1.0", "10.255.255.255", "255.255.255.255",
        "::", "::1", "2001:db8::", "2001:db8::1", "2001:db8::ff", "2001:db8:0:1::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "::fffe:ffff:ffff", "::1:0:0:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];

    private static readonly int[] V4Lengths = [0, 8, 16, 24, 30, 31, 32];

    private static readonly int[] V6Lengths = [0, 1, 16, 32, 48, 64, 80, 95, 96, 120, 127, 128];

    private static readonly Gen<string> Prefixes =
        from address in Gen.Elements(Addresses)
        from length in Gen.Elements(address.Contains(':') ? V6Lengths : V4Lengths)
        select $"{address}/{length}";

    private static readonly Gen<(DecisionScope Scope, string Value)> Values = Gen.Frequency(
        (4, Gen.Elements(Addresses).Select(address => (DecisionScope.Ip, address))),
        (8, Prefixes.Select(prefix => (DecisionScope.Range, prefix))),
        (1, Gen.Elements("s1", "s2").Select(value => (DecisionScope.Session, value))),
        (1, Gen.Elements("j1", "s1").Select(value => (DecisionScope.Ja4, value))),
        (1, Gen.Elements("1", "4294967295").Select(value => (DecisionScope.Asn, value))),
        (1, Gen.Elements("DE", "NL").Select(value => (DecisionScope.Country, value))));

    private static readonly Gen<Decision> Decisions =
        from value in Values
        from action in Gen.Elements(Enum.GetValues<DecisionAction>())
        from seconds in Gen.Elements<int?>(null, null, -10, 0, 1, 60)
        from simulated in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        from origin in Gen.Elements("console", "import:drop")
        select new Decision(
            DecisionId.New(Clock), origin, "manual", value.Scope, value.Value, action, seconds is { } s ? Clock.GetUtcNow().AddSeconds(s) : null, "", simulated);

    private static readonly Gen<ClientKeys> Clients =
        from address in Gen.Elements(Addresses)
        from session in Gen.Elements<string?>(null, "s1", "s2")
        from ja4 in Gen.Elements<string?>(null, "j1", "s1")
        from asn in Gen.Elements(0u, 1u, uint.MaxValue)
        from country in Gen.Elements<string?>(null, "DE", "FR")
        select new ClientKeys(At(address), session, ja4, asn, country);

    private static readonly Gen<Case> Cases =
        from start in Decisions.ListOf()
        from added in Decisions.ListOf()
        from ended in Gen.Choose(0, 3).ListOf()
        from clients in Clients.NonEmptyListOf()
        select new Case([.. start], [.. added], [.. ended], [.. clients]);

    [Fact]
    public void A_table_answers_as_looking_at_every_decision_does() => Check(test =>
    {
        Decision[] all = [.. test.Start, .. test.Added];
        return Agree(DecisionTable.Build(all, out _), all, test.Clients);
    });

    [Fact]
    public void A_changed_table_answers_as_one_built_anew() => Check(test =>
    {
        DecisionTable table = DecisionTable.Build(test.Start, out _);
        List<Decision> all = [.. test.Start];
        foreach (Decision decision in test.Added)
        {
            table = table.Apply([decision], []);
            all.Add(decision);
        }

        // Every third or so of what is there ends, wherever it lies.
        DecisionId[] ended = [.. all.Where((_, i) => test.Ended.Length > 0 && test.Ended[i % test.Ended.Length] == 0).Select(decision => decision.Id)];
        table = table.Apply([], ended);
        all.RemoveAll(decision => ended.Contains(decision.Id));
        return table.Count == all.Count && Agree(table, all, test.Clients) && Agree(table.Compact(Clock.GetUtcNow()), all, test.Clients);
    });

    [Fact]
    public void A_table_gives_back_every_decision_it_was_built_from() => Check(test =>
    {
        Decision[] back = [.. DecisionTable.Build(test.Start, out _).Apply(test.Added, []).Items().Select(item => item.ToDecision()).OrderBy(decision => decision.Id.Value)];
        return back.SequenceEqual(test.Start.Concat(test.Added).Select(Canonical).OrderBy(decision => decision.Id.Value));
    });

    [Fact]
    public void A_term_ends_without_anyone_touching_the_table()
    {
        ManualClock clock = new();
        Decision strong = Make(DecisionScope.Ip, "192.0.2.1", DecisionAction.Block, clock.GetUtcNow().AddSeconds(10));
        Decision weak = Make(DecisionScope.Ip, "192.0.2.1", DecisionAction.Throttle, clock.GetUtcNow().AddSeconds(20));
        Decision around = Make(DecisionScope.Range, "192.0.2.0/24", DecisionAction.Tarpit, null);
        DecisionTable table = DecisionTable.Build([strong, weak, around], out _);
        ClientKeys client = new(At("192.0.2.1"), null, null, 0, null);

        table.Find(client, clock).Id.ShouldBe(strong.Id);
        clock.Advance(TimeSpan.FromSeconds(10));
        table.Find(client, clock).Id.ShouldBe(weak.Id);
        clock.Advance(TimeSpan.FromSeconds(10));
        table.Find(client, clock).Id.ShouldBe(around.Id);
    }

    [Fact]
    public void An_address_in_mapped_form_is_the_IPv4_address()
    {
        DecisionTable table = DecisionTable.Build([Make(DecisionScope.Range, "192.0.2.0/24", DecisionAction.Block, null)], out _);
        table.Find(new(At("::ffff:192.0.2.7"), null, null, 0, null), Clock).Action.ShouldBe(DecisionAction.Block);
    }

    [Fact]
    public void A_value_that_cannot_be_read_is_left_out_and_counted()
    {
        DecisionTable.Build([Make(DecisionScope.Range, "everywhere", DecisionAction.Block, null), Make(DecisionScope.Ip, "192.0.2.1", DecisionAction.Block, null)], out int unreadable)
            .Count.ShouldBe(1);
        unreadable.ShouldBe(1);
    }

    [Fact]
    public void An_id_given_twice_is_one_decision()
    {
        Decision decision = Make(DecisionScope.Ip, "192.0.2.1", DecisionAction.Block, null);
        DecisionTable table = DecisionTable.Build([decision, decision], out _).Apply([decision], []);
        table.Count.ShouldBe(1);
        table.Apply([], [decision.Id]).Find(new(At("192.0.2.1"), null, null, 0, null), Clock).Found.ShouldBeFalse();
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        DecisionTable table = DecisionTable.Build(Addresses.Select(address => Make(DecisionScope.Ip, address, DecisionAction.Block, Clock.GetUtcNow().AddSeconds(5))), out _)
            .Apply([Make(DecisionScope.Ja4, "j1", DecisionAction.Block, null)], []);
        ClientKeys[] clients = [.. Addresses.Select(address => new ClientKeys(At(address), "s", "j1", 1, "DE")), new(At("203.0.113.1"), "s", "j1", 1, "DE")];
        int found = 0;
        foreach (ClientKeys client in clients)
        {
            found += table.Find(client, Clock).Found ? 1 : 0;
        }

        found.ShouldBe(clients.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (ClientKeys client in clients)
        {
            table.Find(client, Clock);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Theory]
    [InlineData(3000, 500)]
    [InlineData(20_000, 80)] // enough for the sieve of either family
    public void A_table_of_many_random_prefixes_agrees_with_the_model(int prefixes, int clients)
    {
        Random random = new(7);
        Decision[] all = [.. Enumerable.Range(0, prefixes).Select(_ => Make(DecisionScope.Range, RandomPrefix(random), (DecisionAction)random.Next(7), null))];
        DecisionTable table = DecisionTable.Build(all, out _);
        Agree(table, all, [.. Enumerable.Range(0, clients).Select(_ => new ClientKeys(RandomAddress(random, all), null, null, 0, null))]).ShouldBeTrue();
    }

    private static string RandomPrefix(Random random) => random.Next(2) == 0
        ? $"{random.Next(20)}.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}/{random.Next(9, 33)}"
        : $"2001:{random.Next(16):x}:{random.Next(0xFFFF):x}:{random.Next(0xFFFF):x}::/{random.Next(20, 65)}";

    // Mostly just beside the edges of a prefix.
    private static PeerAddress RandomAddress(Random random, Decision[] all)
    {
        Network.TryParse(all[random.Next(all.Length)].Value, out Network network).ShouldBeTrue();
        UInt128 edge = random.Next(2) == 0 ? network.First.Bits : network.Last.Bits;
        return new(edge + (UInt128)random.Next(2) - (UInt128)random.Next(2));
    }

    private static void Check(Func<Case, bool> holds) =>
        FsCheck.Fluent.Prop.ForAll(Cases.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(40));

    private static bool Agree(DecisionTable table, IReadOnlyCollection<Decision> all, ClientKeys[] clients) => Array.TrueForAll(clients, client =>
    {
        Decision? expected = LinearModel.Find(all, client, Clock.GetUtcNow());
        DecisionMatch match = table.Find(client, Clock);
        return match == (expected is null
            ? default
            : new(expected.Id, expected.Scope, expected.Action, expected.Simulated, expected.Origin, expected.Scenario, expected.Reason));
    });

    private static Decision Canonical(Decision decision)
    {
        if (decision.Scope is not (DecisionScope.Ip or DecisionScope.Range))
        {
            return decision;
        }

        Network.TryParse(decision.Value, out Network network).ShouldBeTrue();
        return decision with { Value = decision.Scope == DecisionScope.Ip ? network.First.ToString() : network.ToString() };
    }

    private static Decision Make(DecisionScope scope, string value, DecisionAction action, DateTimeOffset? until) =>
        new(DecisionId.New(Clock), "test", "manual", scope, value, action, until, "", false);

    private static PeerAddress At(string text)
    {
        PeerAddress.TryParse(text, out PeerAddress address).ShouldBeTrue(text);
        return address;
    }

    private sealed record Case(Decision[] Start, Decision[] Added, int[] Ended, ClientKeys[] Clients)
    {
        public override string ToString() => string.Join('\n', [.. Start.Select(d => $"start {d}"), .. Added.Select(d => $"added {d}"), .. Clients.Select(c => $"client {c}"), string.Join(',', Ended)]);
    }
}
