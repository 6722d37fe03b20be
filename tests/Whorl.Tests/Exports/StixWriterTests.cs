using System.Text.Json;
using Whorl.Delivery.Exports.Stix;

namespace Whorl.Tests.Exports;

public sealed class StixWriterTests
{
    [Fact]
    public void What_may_come_again_is_written_once_and_what_comes_once_is_not_remembered()
    {
        using MemoryStream output = new();
        using (Utf8JsonWriter json = new(output))
        {
            StixWriter stix = new(json);
            stix.BeginBundle("bundle--1");
            stix.Address("203.0.113.9").ShouldBe(stix.Address("203.0.113.9"));
            stix.Value("domain-name", "once.example", once: true);
            stix.Value("domain-name", "once.example");
            stix.Value("domain-name", "once.example");
            stix.EndBundle();
        }

        JsonElement objects = JsonElement.Parse(output.ToArray()).GetProperty("objects");
        objects.EnumerateArray().Select(each => each.GetProperty("type").GetString()).ShouldBe(["ipv4-addr", "domain-name", "domain-name"]);
    }
}
