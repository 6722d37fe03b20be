using Whorl.Stores.Objects;

namespace Whorl.Tests.Stores;

/// <summary>Objects by their hash: kept once, whole or not at all, within their budget. The same for files and buckets.</summary>
public abstract class ObjectStoreContract
{
    [Fact]
    public async Task The_same_bytes_are_kept_once_and_read_back()
    {
        using ObjectStore store = Open();
        byte[] bytes = "payload"u8.ToArray();
        string name = ObjectStore.NameOf(bytes);
        name.ShouldBe("239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5");
        (await store.TryKeepAsync(name, bytes)).ShouldBeTrue();
        long used = await store.UsedAsync();
        used.ShouldBeGreaterThanOrEqualTo(bytes.Length);
        (await store.TryKeepAsync(name, bytes)).ShouldBeTrue();
        (await store.UsedAsync()).ShouldBe(used);
        using ObjectStore another = Open();
        (await another.UsedAsync()).ShouldBe(used);
        await using Stream kept = (await another.OpenAsync(name))!;
        using StreamReader reader = new(kept);
        (await reader.ReadToEndAsync()).ShouldBe("payload");
    }

    [Fact]
    public async Task A_full_store_keeps_what_it_has_and_nothing_more()
    {
        using ObjectStore store = Open(megabytes: 1);
        byte[] first = new byte[900 * 1024], second = [.. Enumerable.Repeat((byte)1, 200 * 1024)];
        (await store.TryKeepAsync(ObjectStore.NameOf(first), first)).ShouldBeTrue();
        (await store.TryKeepAsync(ObjectStore.NameOf(second), second)).ShouldBeFalse();
        store.Refused.ShouldBe(1);
        (await store.OpenAsync(ObjectStore.NameOf(second))).ShouldBeNull();
        await using Stream? kept = await store.OpenAsync(ObjectStore.NameOf(first));
        kept.ShouldNotBeNull();
    }

    [Fact]
    public async Task Nothing_is_an_object_too()
    {
        using ObjectStore store = Open();
        (await store.TryKeepAsync(ObjectStore.NameOf([]), Array.Empty<byte>())).ShouldBeTrue();
        await using Stream? kept = await store.OpenAsync(ObjectStore.NameOf([]));
        kept.ShouldNotBeNull().Length.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_not_there_is_not_opened_with_and_without_waiting()
    {
        using ObjectStore store = Open();
        string name = ObjectStore.NameOf("other"u8);
        (await store.OpenAsync(name)).ShouldBeNull();
        store.Open(name).ShouldBeNull();
        await store.TryKeepAsync(name, "other"u8.ToArray());
        using Stream? kept = store.Open(name);
        kept.ShouldNotBeNull().Length.ShouldBe(5);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("AB")]
    public async Task A_name_that_is_no_hash_names_nothing(string name)
    {
        using ObjectStore store = Open();
        (await store.OpenAsync(name)).ShouldBeNull();
        store.Open(name).ShouldBeNull();
    }

    /// <summary>The store anew, over what is there.</summary>
    internal abstract ObjectStore Open(int megabytes = 10);
}
