using System.Text;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Convex;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites;

/// <summary>Scans as Convex keeps them: whole where they fit, else without their longest lists, and never silently.</summary>
public sealed class ConvexScansTests
{
    [Fact]
    public void A_scan_that_fits_is_kept_whole()
    {
        ScanRecord scan = Scan() with { Faults = ["icon: timed_out"] };
        ScanShape kept = ConvexScans.Of(scan, new(_ => []));
        ConvexScans.Read(kept.Record).Faults.ShouldBe(["icon: timed_out"]);
        ConvexScans.Read(kept.Record).Page!.Comments.Count.ShouldBe(1);
    }

    [Fact]
    public void A_scan_that_is_too_large_leaves_out_lists_until_it_fits_and_says_so()
    {
        ScanRecord scan = Scan() with
        {
            Page = Scan().Page! with
            {
                Comments = [.. Enumerable.Range(0, 4000).Select(n => new TextFact(new('a', 64), new string('x', 400)))],
                Scripts = [.. Enumerable.Range(0, 9000).Select(n => new ScriptFact { Url = $"https://a.example/{n}", Sha256 = new('b', 64) })],
            },
        };
        ScanShape kept = ConvexScans.Of(scan, new(_ => [new(FeatureKinds.Title, "whole")]));
        Encoding.UTF8.GetByteCount(kept.Record).ShouldBeLessThanOrEqualTo(ConvexScans.MaxRecord);
        ScanRecord read = ConvexScans.Read(kept.Record);
        read.Page!.Comments.ShouldBeEmpty();
        read.Page.Scripts.ShouldBeEmpty();
        read.Page.Title.ShouldBe("A title");
        read.Faults.ShouldBe(["record: kept without comments, scripts: too large for Convex"]);
        kept.Features.ShouldBe([new("title", "whole")]);
    }

    [Fact]
    public void Whatever_a_scan_is_full_of_its_record_fits()
    {
        string[] much = [.. Enumerable.Range(0, 4000).Select(n => new string('y', 300))];
        ScanRecord scan = Scan() with { Faults = much, Detail = new('z', 2_000_000), Http = new() { FinalUrl = new('u', 2_000_000) }, Network = new() { Txt = much } };
        ScanShape kept = ConvexScans.Of(scan, new(_ => []));
        Encoding.UTF8.GetByteCount(kept.Record).ShouldBeLessThanOrEqualTo(ConvexScans.MaxRecord);
        ConvexScans.Read(kept.Record).Id.ShouldBe(scan.Id);
    }

    [Fact]
    public void Features_stay_within_what_a_site_may_have()
    {
        SiteFeature[] many = [.. Enumerable.Range(0, 2000).Select(n => new SiteFeature(FeatureKinds.Title, $"{n}"))];
        ConvexScans.Of(Scan(), new(_ => many)).Features.Count.ShouldBe(SiteFeature.MaxOfOneScan);
    }

    private static ScanRecord Scan() => new()
    {
        Id = "01kjmma2g0fxyrwy7743q69w01",
        Url = "http://a.example/",
        Site = "a.example",
        Time = DateTimeOffset.UnixEpoch,
        ElapsedMs = 1,
        Class = SiteClass.HttpContent,
        Page = new() { Bytes = 3, Sha256 = new('a', 64), Title = "A title", Comments = [new(new('c', 64), "hello")] },
    };
}
