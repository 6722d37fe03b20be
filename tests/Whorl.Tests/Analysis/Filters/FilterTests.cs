using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Whorl.Analysis.Filters;
using Whorl.Kernel;

namespace Whorl.Tests.Analysis.Filters;

public sealed class FilterTests
{
    private const string Bot = """
        {"client.ip":"203.0.113.9","client.direct":true,"http.method":"GET","http.host":"shop.example","http.path":"/wp-login.php","http.user_agent":"GPTBot/1.2 (\"quoted\")",
         "tls.ja4":"t13d1516h2_8daaf6152771_02713d6af862","http.status":403,"http.duration_us":120,"verdict.action":"block","verdict.cause":"rule","verdict.score":70,
         "verdict.rules":[{"id":"crawlers.ai","version":1},{"id":"exploits.paths","version":2}],"verdict.decision":{"id":"x1","scenario":"manual"}}
        """;

    [Theory]
    [InlineData("")]
    [InlineData("client.ip: 203.0.113.9")]
    [InlineData("client.ip: 203.0.113.0/24")]
    [InlineData("client.ip = 203.0.113.0/24")]
    [InlineData("client.ip: 203.0.*")]
    [InlineData("CLIENT.IP:203.0.113.9")]
    [InlineData("203.0.113.9")]
    [InlineData("203.0.113.0/24")]
    [InlineData("http.host: SHOP.example")]
    [InlineData("http.user_agent: gptbot*")]
    [InlineData("http.user_agent: *\\(*quoted*")]
    [InlineData("http.user_agent: \"GPTBot/1.2 (\\\"quoted\\\")\"")]
    [InlineData("http.user_agent: \"\\u0047PTBot/1.2 (\\\"quoted\\\")\"")]
    [InlineData("gptbot wp-login")]
    [InlineData("http.status: 403")]
    [InlineData("http.status: 4*")]
    [InlineData("http.status >= 400 and http.status < 500")]
    [InlineData("http.status>402.5")]
    [InlineData("http.method: (POST or GET)")]
    [InlineData("http.method: (not POST)")]
    [InlineData("not http.method: (POST or PUT)")]
    [InlineData("nosuchword or verdict.action: block")]
    [InlineData("nosuchword and anything or verdict.action: block")]
    [InlineData("verdict.action: block and (nosuchword or http.status: 403)")]
    [InlineData("verdict.rules: exploits.*")]
    [InlineData("verdict.decision: manual")]
    [InlineData("tls.ja4: * and not tls.ja3: *")]
    [InlineData("client.direct: true")]
    [InlineData("kind: http.request subject: ip:203.0.113.9 sensor: edge1")]
    public void Finds_the_request(string text) => Compile(text).Matches(Request(Bot)).ShouldBeTrue();

    [Theory]
    [InlineData("client.ip: 203.0.113.90")]
    [InlineData("client.ip: 2001:db8::/32")]
    [InlineData("2001:db8::1")]
    [InlineData("http.user_agent: gptbot")]
    [InlineData("http.user_agent: \"gptbot*\"")]
    [InlineData("not gptbot")]
    [InlineData("not (gptbot or nosuchword)")]
    [InlineData("http.status < 403")]
    [InlineData("http.response_bytes > 0")]
    [InlineData("verdict.action: block and not verdict.action: block")]
    [InlineData("verdict.action: (allow or tarpit)")]
    [InlineData("client.direct: no")]
    [InlineData("tls.ja3: *")]
    public void Passes_over_the_request(string text) => Compile(text).Matches(Request(Bot)).ShouldBeFalse();

    [Theory]
    [InlineData("client.up: 1", 0, 9, "client.ip")]
    [InlineData("user_agent: x", 0, 10, "http.user_agent")]
    [InlineData("http.status: many", 13, 4, "number")]
    [InlineData("http.host > 3", 12, 0, "no order")]
    [InlineData("client.ip: 300.0.0.1", 11, 9, "address")]
    [InlineData("client.direct: maybe", 15, 5, "true or false")]
    [InlineData("(a or b", 0, 1, "never closed")]
    [InlineData("a) b", 1, 1, "closes nothing")]
    [InlineData("a and", 5, 0, "missing")]
    [InlineData("or b", 0, 2, "missing")]
    [InlineData("not", 3, 0, "missing")]
    [InlineData("http.host:", 10, 0, "missing")]
    [InlineData("http.host: \"open", 11, 1, "never closed")]
    [InlineData("*", 0, 1, "needs a field")]
    [InlineData("()", 1, 1, "missing")]
    public void Names_the_fault_and_its_place(string text, int start, int length, string says)
    {
        Filter.TryParse(text, out Filter? filter, out FilterFault? fault).ShouldBeFalse();

        filter.ShouldBeNull();
        fault.ShouldNotBeNull();
        (fault.Start, fault.Length).ShouldBe((start, length));
        fault.Message.ShouldContain(says);
    }

    [Fact]
    public void Depth_length_and_number_of_conditions_are_bounded()
    {
        Filter.TryParse(new string('(', 40) + "a" + new string(')', 40), out _, out FilterFault? deep).ShouldBeFalse();
        deep!.Message.ShouldContain("32 deep");
        Filter.TryParse(string.Concat(Enumerable.Repeat("not ", 1000)) + "a", out _, out _).ShouldBeFalse();
        Filter.TryParse(new string('a', FilterParser.MaxLength + 1), out _, out FilterFault? far).ShouldBeFalse();
        far!.Message.ShouldContain("4096");
        Filter.TryParse(string.Join(' ', Enumerable.Repeat("a", 200)), out _, out FilterFault? many).ShouldBeFalse();
        many!.Message.ShouldContain("128");
    }

    [Fact]
    public void No_text_makes_it_throw_and_every_fault_lies_inside_the_text()
    {
        Gen<string> gen = Gen.Elements("client.ip", "http.status", "and", "or", "not", "(", ")", "\"", "\\", "\\u12", "*", ":", "<", ">=", " ", "203.0.113.0/24", "::1", "\0", "\u202e", "é", "1e999", "true")
            .ListOf().Select(parts => string.Concat(parts));
        Prop.ForAll(gen.ToArbitrary(), text =>
        {
            if (Filter.TryParse(text, out Filter? filter, out FilterFault? fault))
            {
                filter!.Matches(Request(Bot));
                return true;
            }

            return fault!.Start >= 0 && fault.Start + fault.Length <= Math.Max(text.Length, 0) && fault.Message.Length > 0;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_quoted_reads_back_as_the_same_value()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), value =>
        {
            string attributes = JsonSerializer.Serialize(new Dictionary<string, string> { ["http.path"] = value.Get });
            string read = JsonDocument.Parse(attributes).RootElement.GetProperty("http.path").GetString()!;
            return read.Length > 500 || Compile(Filter.Narrow("", "http.path", read, without: false)).Matches(Request(attributes));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Narrowing_keeps_the_meaning_of_what_stood_before()
    {
        Filter.Narrow("", "client.ip", "203.0.113.9", without: false).ShouldBe("client.ip: 203.0.113.9");
        Filter.Narrow("a or b", "http.host", "x y", without: true).ShouldBe("(a or b) and not http.host: \"x y\"");
        Filter.Narrow("client.ip: 203.0.113.9", "client.ip", "203.0.113.9", without: false).ShouldBe("client.ip: 203.0.113.9");
        Filter.Narrow("http.status: 1 and client.ip: 203.0.113.90", "client.ip", "203.0.113.9", without: false)
            .ShouldBe("http.status: 1 and client.ip: 203.0.113.90 and client.ip: 203.0.113.9");
        Filter.Quote("or").ShouldBe("\"or\"");
        Filter.Quote("\u202e").ShouldBe("\"\\u202e\"");
    }

    [Theory]
    [InlineData("client.ip: 203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9 and http.status: 403", "203.0.113.9")]
    [InlineData("tls.ja4: T13d* and verdict.action: block", "t13d|block")]
    [InlineData("client.ip: 203.0.113.9 or verdict.action: block", "")]
    [InlineData("not client.ip: 203.0.113.9", "")]
    [InlineData("http.user_agent: GPTBot", "")]
    [InlineData("client.ip: 203.0.113.0/24", "")]
    public void Needles_are_promised_only_where_every_match_contains_them(string text, string needles) =>
        string.Join('|', Compile(text).Needles).ShouldBe(needles);

    private static Filter Compile(string text)
    {
        Filter.TryParse(text, out Filter? filter, out FilterFault? fault).ShouldBeTrue(fault?.Message);
        return filter!;
    }

    private static Observation Request(string attributes) =>
        new(ObservationId.New(TimeProvider.System), "http.request", TimeProvider.System.GetUtcNow(), "edge1", new("ip:203.0.113.9"), JsonDocument.Parse(attributes).RootElement);
}
