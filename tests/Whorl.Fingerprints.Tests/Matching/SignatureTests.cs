using Whorl.Fingerprints.Matching;

namespace Whorl.Fingerprints.Tests.Matching;

public sealed class SignatureTests
{
    private const string Trickbot = "6734f37431670b3ab4292b8f60f29984";
    private const string Other = "de350869b8c85de67a350c8d186f11e6";

    [Fact]
    public void An_abuse_ch_list_names_its_columns_in_a_comment()
    {
        SignatureCsv list = SignatureCsv.Parse(
            $"""
            ################################################
            # ja3_md5,Firstseen,Lastseen,Listingreason
            {Trickbot},2017-07-14 18:08:15,2019-07-27 20:42:54,Trickbot
            {Other},2017-07-14 19:02:03,2019-07-28 00:34:38,"Adware, mostly"
            """, FingerprintKind.Ja3, "abuse.ch");

        list.BadLines.ShouldBe(0);
        list.Signatures.ShouldBe([
            new Signature(FingerprintKind.Ja3, Trickbot, "Trickbot", "abuse.ch"),
            new Signature(FingerprintKind.Ja3, Other, "Adware, mostly", "abuse.ch"),
        ]);
    }

    [Theory]
    [InlineData($"{Trickbot},Bot,mine\r\n{Other},Two,yours\r\n")]
    [InlineData($"\uFEFFja3,label,source\n{Trickbot},Bot,mine\n{Other},Two,yours")]
    [InlineData($"source , Label, JA3_MD5\r\nmine,Bot,{Trickbot}\r\n\r\nyours,Two,{Other}")]
    [InlineData($"# a remark\n\n \"{Trickbot}\" ,\"Bot\", mine\n{Other},Two,yours")]
    [InlineData($"  6734F37431670B3AB4292B8F60F29984,Bot,mine\n{Other},Two,yours")]
    public void Values_labels_and_sources_are_found_in_every_usual_layout(string text)
    {
        SignatureCsv list = SignatureCsv.Parse(text, FingerprintKind.Ja3, "list");

        list.Errors.ShouldBeEmpty();
        list.Signatures.ShouldBe([
            new Signature(FingerprintKind.Ja3, Trickbot, "Bot", "mine"),
            new Signature(FingerprintKind.Ja3, Other, "Two", "yours"),
        ]);
    }

    [Fact]
    public void A_list_of_values_alone_is_labelled_by_its_name() =>
        SignatureCsv.Parse($"{Trickbot}\n", FingerprintKind.Hassh, "bad clients").Signatures
            .ShouldBe([new Signature(FingerprintKind.Hassh, Trickbot, "bad clients", "bad clients")]);

    [Fact]
    public void Doubled_quotes_are_one() =>
        SignatureCsv.Parse($"{Trickbot},\"the \"\"best\"\" bot\"", FingerprintKind.Ja3, "x").Signatures[0].Label.ShouldBe("the \"best\" bot");

    [Fact]
    public void Bad_lines_are_reported_by_number_and_left_out()
    {
        SignatureCsv list = SignatureCsv.Parse(
            $"{Trickbot},good\n{Trickbot[1..]},short\n\"{Other},open\n\"{Other}\"x,after\n*,star\n{new string('a', SignatureCsv.MaxLineLength + 1)}\n{Other},good\n{new string(',', 40)}",
            FingerprintKind.Ja3, "x");

        list.Signatures.Count.ShouldBe(2);
        list.Errors.Select(error => error.Line).ShouldBe([2, 3, 4, 5, 6, 8]);
        list.BadLines.ShouldBe(6);
    }

    [Fact]
    public void Only_so_many_bad_lines_are_described()
    {
        SignatureCsv list = SignatureCsv.Parse(string.Concat(Enumerable.Repeat("no\n", 500)), FingerprintKind.Ja3, "x");

        list.Errors.Count.ShouldBe(SignatureCsv.MaxErrors);
        list.BadLines.ShouldBe(500);
    }

    [Fact]
    public void A_fingerprint_matches_exactly_and_by_prefix_longest_first()
    {
        Signature exact = new(FingerprintKind.Ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1", "Chrome", "s");
        Signature prefix = new(FingerprintKind.Ja4, "t13d1516h2_8daaf6152771_", "Chromium", "s", IsPrefix: true);
        Signature shorter = new(FingerprintKind.Ja4, "t13d", "TLS 1.3", "s", IsPrefix: true);
        SignatureSet set = new([shorter, exact, prefix]);

        set.Match(FingerprintKind.Ja4, "T13D1516H2_8DAAF6152771_E5627EFA2AB1").ShouldBe([exact, prefix, shorter]);
        set.Match(FingerprintKind.Ja4, "t13d1516h2_8daaf6152771_02713d6af862").ShouldBe([prefix, shorter]);
        set.Match(FingerprintKind.Ja4, "t12d1516h2_8daaf6152771_02713d6af862").ShouldBeEmpty();
        set.Match(FingerprintKind.Ja3, exact.Value).ShouldBeEmpty();
        set.Count.ShouldBe(3);
    }

    [Fact]
    public void A_star_in_a_list_makes_a_prefix()
    {
        SignatureSet set = new(SignatureCsv.Parse("07d14d16d21d21d*,OpenSSL", FingerprintKind.Jarm, "x").Signatures);

        set.Match(FingerprintKind.Jarm, "07d14d16d21d21d07c42d43d000000f50d155305214cf247147c43c0f1a823")[0].Label.ShouldBe("OpenSSL");
    }

    [Theory]
    [InlineData(FingerprintKind.Favicon, "4078512122", "-216455174")]
    [InlineData(FingerprintKind.Favicon, " -216455174 ", "-216455174")]
    [InlineData(FingerprintKind.Tlsh, "05037d1695d4157b28376bec35605f7af1939af9bb03ac5096e03bca8640cb8ed16382", "T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382")]
    [InlineData(FingerprintKind.Ssdeep, "3:aAbB:cC", "3:aAbB:cC")]
    [InlineData(FingerprintKind.Http2, "1:65536;3:1000|00|0|m,a,s,p", "1:65536;3:1000|00|0|m,a,s,p")]
    public void Each_fingerprint_has_one_spelling(FingerprintKind kind, string text, string value)
    {
        FingerprintValue.TryNormalize(kind, text, out string normal).ShouldBeTrue();
        normal.ShouldBe(value);
    }

    [Theory]
    [InlineData(FingerprintKind.Favicon, "4294967296")]
    [InlineData(FingerprintKind.Favicon, "1e3")]
    [InlineData(FingerprintKind.Tlsh, "T1")]
    [InlineData(FingerprintKind.Ssdeep, "none")]
    [InlineData(FingerprintKind.Ja4, "t13d1516h2_8daaf6152771")]
    [InlineData(FingerprintKind.Sha256, Trickbot)]
    [InlineData(FingerprintKind.Http1, "")]
    public void What_is_no_fingerprint_of_its_kind_is_refused(FingerprintKind kind, string text) =>
        FingerprintValue.TryNormalize(kind, text, out _).ShouldBeFalse();

    [Fact]
    public void No_text_makes_the_reader_throw()
    {
        Random random = new(1);
        const string letters = "\"\",,,#*\r\n\n ab012é\uFEFF:|";
        FingerprintKind[] kinds = Enum.GetValues<FingerprintKind>();
        for (int i = 0; i < 5000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(120)).Select(_ => letters[random.Next(letters.Length)])]);
            SignatureCsv list = SignatureCsv.Parse(text, kinds[i % kinds.Length], "x");

            foreach (Signature signature in list.Signatures)
            {
                new SignatureSet(list.Signatures).Match(signature.Kind, signature.Value).Count.ShouldBeLessThanOrEqualTo(list.Signatures.Count);
            }
        }
    }

    [Fact]
    public void The_kinds_keep_their_numbers() =>
        Enum.GetNames<FingerprintKind>().ShouldBe(
            ["Ja3", "Ja3S", "Ja4", "Hassh", "HasshServer", "Jarm", "TcpStack", "Http1", "Http2", "Favicon", "Ssdeep", "Tlsh", "Sha256"]);
}
