using Whorl.Kernel.Sites;

namespace Whorl.Sources.Sites.Scans;

/// <summary>What of a scan other sites may share.</summary>
internal static class ScanFeatures
{
    /// <summary>Each once, the most telling kinds first, at most <see cref="SiteFeature.MaxOfOneScan"/>.</summary>
    public static IReadOnlyList<SiteFeature> Of(ScanRecord scan)
    {
        List<SiteFeature> features = [];
        if (scan.Page is { } page)
        {
            features.Add(new(FeatureKinds.Page, page.Sha256));
        }

        return features;
    }
}
