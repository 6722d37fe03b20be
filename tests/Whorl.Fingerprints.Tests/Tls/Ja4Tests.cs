using System.Text.Json;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Tls;

public sealed class Ja4Tests
{
    // The example of the specification, with GREASE where Chrome puts it.
    private static HelloBytes Example => new HelloBytes
    {
        Ciphers = [0xBABA, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035],
    }
        .With(0x6A6A).With(0x001B).WithSni("a.example").With(0x0033).WithAlpn([.. "h2"u8], [.. "http/1.1"u8]).With(0x4469).With(0x0017).With(0x002D)
        .WithList16(0x000D, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601).With(0x0005).With(0x0023).With(0x0012)
        .WithVersions(0x7A7A, 0x0304, 0x0303).With(0xFF01).WithList16(0x000B).WithList16(0x000A).With(0x0015);

    [Fact]
    public void The_example_of_the_specification_gives_all_four_published_forms()
    {
        Ja4Forms forms = Ja4.Of(Parse(Example.Message()), Ja4Transport.Tcp);

        forms.Value.ShouldBe("t13d1516h2_8daaf6152771_e5627efa2ab1");
        forms.Original.ShouldBe("t13d1516h2_acb858a92679_18f69afefd3d");
        forms.Raw.ShouldBe("t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601");
        forms.OriginalRaw.ShouldBe("t13d1516h2_1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015_0403,0804,0401,0503,0805,0501,0806,0601");
    }

    [Theory]
    [InlineData(Ja4Transport.Tcp, "t13d")]
    [InlineData(Ja4Transport.Quic, "q13d")]
    [InlineData(Ja4Transport.Dtls, "d13d")]
    public void The_transport_is_the_first_letter(Ja4Transport transport, string start) =>
        Ja4.Value(Parse(Example.Message()), transport).ShouldStartWith(start);

    // The values of the specification's section on ALPN.
    [Theory]
    [InlineData("ab", "ab")]
    [InlineData("20", "20")]
    [InlineData("abcd", "ad")]
    [InlineData("2061", "21")]
    [InlineData("30ab", "3b")]
    [InlineData("6120", "60")]
    [InlineData("3031abcd", "3d")]
    [InlineData("30abcd31", "01")]
    [InlineData("78", "xx")]
    [InlineData("0a0a", "0a")]
    [InlineData("4832", "H2")]
    public void Alpn_letters_are_characters_where_both_are_letters_or_digits_and_hex_otherwise(string hex, string letters) =>
        Ja4.Value(Parse(new HelloBytes().WithAlpn(Convert.FromHexString(hex)).Message()), Ja4Transport.Tcp)[8..10].ShouldBe(letters);

    [Fact]
    public void The_published_alpn_list_beside_the_checkout_agrees()
    {
        int seen = 0;
        foreach (string line in File.ReadLines(Repository.RequireShared("fingerprints", "vectors", "vectors.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("kind").GetString() == "ja4-alpn")
            {
                byte[] name = Convert.FromHexString(row.RootElement.GetProperty("first_alpn_hex").GetString()!);
                Ja4.Value(Parse(new HelloBytes().WithAlpn(name).Message()), Ja4Transport.Tcp)[8..10].ShouldBe(row.RootElement.GetProperty("letters").GetString());
                seen++;
            }
        }

        seen.ShouldBe(17);
    }

    [Fact]
    public void No_alpn_an_empty_list_and_an_empty_first_name_give_zeros()
    {
        Value(new HelloBytes())[8..10].ShouldBe("00");
        Value(new HelloBytes().With(16, 0, 0))[8..10].ShouldBe("00");
        Value(new HelloBytes().WithAlpn([], [.. "h2"u8]))[8..10].ShouldBe("00");
    }

    [Theory]
    [InlineData(new ushort[] { 0x0303, 0x0304, 0x0302 }, "13")]
    [InlineData(new ushort[] { 0x0302, 0xFAFA }, "11")]
    [InlineData(new ushort[] { 0x7F1C, 0x0303 }, "00")]
    [InlineData(new ushort[] { 0x0305, 0x0304 }, "00")]
    [InlineData(new ushort[] { 0xFEFD, 0xFEFC }, "d3")]
    [InlineData(new ushort[] { 0xFEFF, 0xFEFD }, "d2")]
    [InlineData(new ushort[] { 0x4A4A }, "12")]
    [InlineData(new ushort[] { }, "12")]
    public void The_version_is_the_newest_of_supported_versions_and_else_the_legacy_one(ushort[] versions, string letters) =>
        Value(new HelloBytes().WithVersions(versions))[1..3].ShouldBe(letters);

    [Theory]
    [InlineData(0x0304, "13")]
    [InlineData(0x0302, "11")]
    [InlineData(0x0301, "10")]
    [InlineData(0x0300, "s3")]
    [InlineData(0x0002, "s2")]
    [InlineData(0xFEFF, "d1")]
    [InlineData(0x0100, "00")]
    public void Without_supported_versions_the_legacy_version_counts(int version, string letters) =>
        Value(new HelloBytes { Version = (ushort)version })[1..3].ShouldBe(letters);

    [Fact]
    public void Counts_stop_at_99_and_include_signalling_ciphers_sni_and_alpn()
    {
        HelloBytes many = new() { Ciphers = [.. Enumerable.Range(1, 120).Select(static c => (ushort)c)] };
        foreach (int type in Enumerable.Range(100, 130))
        {
            many.With((ushort)type);
        }

        Value(many)[4..8].ShouldBe("9999");
        Value(new HelloBytes { Ciphers = [0x00FF, 0x5600, 0x1301, 0x0A0A] }.With(0).WithAlpn([.. "h2"u8]))[3..10].ShouldBe("d0302h2");
    }

    [Fact]
    public void Lists_that_are_empty_hash_to_zeros_and_not_to_the_hash_of_nothing()
    {
        Ja4Forms bare = Ja4.Of(Parse(new HelloBytes { Ciphers = [0x1A1A] }.WithSni("a.example").Message()), Ja4Transport.Tcp);

        bare.Value.ShouldBe("t12d000100_000000000000_000000000000");
        bare.Raw.ShouldBe("t12d000100__");
        bare.OriginalRaw.ShouldBe("t12d000100__0000");
    }

    [Fact]
    public void Only_signature_algorithms_proper_count_and_their_grease_does_not() =>
        Ja4.Of(Parse(new HelloBytes().WithList16(50, 0x0101).WithList16(34, 0x0202).WithList16(13, 0x0804, 0x2A2A, 0x0403).Message()), Ja4Transport.Tcp)
            .Raw.ShouldEndWith("_000d,0022,0032_0804,0403");

    [Fact]
    public void The_value_is_written_in_place_and_refused_where_it_does_not_fit()
    {
        ClientHello hello = Parse(Example.Message());
        char[] place = new char[Ja4.ValueLength];

        Ja4.TryWriteValue(hello, Ja4Transport.Tcp, place).ShouldBeTrue();
        new string(place).ShouldBe(Ja4.Value(hello, Ja4Transport.Tcp));
        Ja4.TryWriteValue(hello, Ja4Transport.Tcp, place.AsSpan(1)).ShouldBeFalse();
    }

    [Fact]
    public void Hashes_stay_right_when_hellos_repeat_and_crowd_each_other_out()
    {
        // More texts than the library remembers digests of, each often enough to be remembered, from several threads.
        _ = Parallel.For(0, 4, static _ =>
        {
            for (int i = 0; i < 12_000; i++)
            {
                Ja4Forms forms = Ja4.Of(Parse(new HelloBytes { Ciphers = [(ushort)(i / 4)] }.With((ushort)(1000 + (i / 4))).Message()), Ja4Transport.Tcp);
                string[] raw = forms.Raw.Split('_', 3);
                forms.Value.ShouldBe($"{raw[0]}_{Short(raw[1])}_{Short(raw[2])}");
            }
        });
    }

    [Fact]
    public void Lists_are_told_apart_from_all_that_resemble_them_however_often_they_come()
    {
        // Few numbers in a few places: the same ones in another order, in another list, with GREASE between them.
        Random random = new(1);
        ushort[] Some(params ushort[] of)
        {
            random.Shuffle(of);
            return of[..random.Next(of.Length + 1)];
        }

        for (int i = 0; i < 3000; i++)
        {
            HelloBytes hello = new() { Version = (ushort)random.Next(0x0302, 0x0304), Ciphers = Some(1, 2, 0x0A0A, 3) };
            foreach (ushort type in Some(1, 2, 0x1A1A, 10, 13))
            {
                _ = type is 10 or 13 ? hello.WithList16(type, Some(2, 3, 0x2A2A)) : hello.With(type);
            }

            ShouldAgree(Parse(hello.Message()));
        }

        // And lists that are too long to be remembered, or just not.
        for (int count = 240; count < 270; count++)
        {
            HelloBytes hello = new HelloBytes { Ciphers = [.. Enumerable.Range(1, count).Reverse().Select(static c => (ushort)c)] }.WithList16(13, 0x0804);
            ShouldAgree(Parse(hello.Message()));
            ShouldAgree(Parse(hello.Message()));
            ShouldAgree(Parse(hello.Message()));
        }
    }

    private static void ShouldAgree(ClientHello hello)
    {
        Ja4Forms forms = Ja4.Of(hello, Ja4Transport.Tcp);
        foreach ((string hashed, string plain) in new[] { (forms.Value, forms.Raw), (forms.Original, forms.OriginalRaw) })
        {
            string[] parts = plain.Split('_', 3);
            hashed.ShouldBe($"{parts[0]}_{Short(parts[1])}_{Short(parts[2])}", plain);
        }

#pragma warning disable CA5351 // JA3 is one by definition.
        Ja3.Hash(hello).ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.ASCII.GetBytes(Ja3.Text(hello)))), Ja3.Text(hello));
#pragma warning restore CA5351
    }

    private static string Short(string text) =>
        text.Length == 0 ? "000000000000" : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text)))[..12];

    private static string Value(HelloBytes hello) => Ja4.Value(Parse(hello.Message()), Ja4Transport.Tcp);

    private static ClientHello Parse(byte[] message)
    {
        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);
        return hello!;
    }
}
