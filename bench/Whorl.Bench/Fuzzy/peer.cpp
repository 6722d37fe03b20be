// Times libfuzzy and TLSH over the files named on standard input; the best of many rounds of each file counts,
// so that a busy machine disturbs both sides alike. Built by FuzzyPeers.cs in a temporary folder.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>
#include <fuzzy.h>
#include <tlsh.h>

template <class Work> static double best(int rounds, Work work)
{
    double least = 1e9;
    for (int i = 0; i < rounds; i++) {
        auto start = std::chrono::steady_clock::now();
        work();
        double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        least = seconds < least ? seconds : least;
    }
    return least;
}

int main()
{
    char line[4096];
    double fuzzy = 0, tlsh = 0, bytes = 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        FILE *file = fopen(line, "rb");
        std::vector<unsigned char> data;
        unsigned char block[65536];
        size_t count;
        while (file && (count = fread(block, 1, sizeof block, file)) > 0)
            data.insert(data.end(), block, block + count);
        if (file)
            fclose(file);
        bytes += data.size();
        fuzzy += best(7, [&] { char digest[FUZZY_MAX_RESULT]; fuzzy_hash_buf(data.data(), data.size(), digest); });
        tlsh += best(7, [&] { Tlsh hash; hash.final(data.data(), data.size()); hash.getHash(); });
    }
    printf("%.3f %.3f\n", bytes / fuzzy / 1e6, bytes / tlsh / 1e6);
}
